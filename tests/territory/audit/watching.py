"""What stands in the tables at two moments, held against what history says happened between them."""

from customers.models import Touch, TouchPerson
from territory.audit import registry
from territory.together import together

BESIDE = ["took_part", "met"]


def tracked(kind) -> list[str]:
    return [field.attname for field in kind.history.tracked_fields]


def state() -> dict[tuple[str, int], dict]:
    """Every row that is followed, as it stands; a touch with who took part and who was met."""
    kinds = registry.kinds()
    columns = [[name for name in tracked(kind) if name not in BESIDE] for kind in kinds]
    found = together(
        *(
            kind.model._base_manager.order_by().values_list("pk", *names)
            for kind, names in zip(kinds, columns, strict=True)
        )
    )
    rows = {
        (kind.key, pk): dict(zip(names, values, strict=True))
        for kind, names, rows in zip(kinds, columns, found, strict=True)
        for pk, *values in rows
    }
    touches = {pk: row | {"took_part": [], "met": []} for (key, pk), row in rows.items() if key == "customers.touch"}
    parts = ("touch", "user", "role", "duration_seconds", "travel_seconds")
    for touch, *part in TouchPerson.objects.order_by("user").values_list(*parts):
        touches[touch]["took_part"].append(part)
    for touch, contact in Touch.contacts.through.objects.order_by("contact").values_list("touch", "contact"):
        touches[touch]["met"].append(contact)
    return rows | {("customers.touch", pk): row for pk, row in touches.items()}


def told() -> dict[tuple[str, int], tuple]:
    """Every history row by its own number: which row, act, author, reason and what it said of it."""
    kinds = registry.kinds()
    fields = ("history_type", "history_user_id", "history_change_reason")
    found = together(
        *(
            kind.history._default_manager.order_by().values_list("history_id", kind.pk, *fields, *tracked(kind))
            for kind in kinds
        )
    )
    return {
        (kind.key, number): ((kind.key, pk), act, by, reason or "", dict(zip(tracked(kind), values, strict=True)))
        for kind, rows in zip(kinds, found, strict=True)
        for number, pk, act, by, reason, *values in rows
    }


def told_rightly(act: str, said: dict, before: dict | None, after: dict | None) -> bool:
    """Whether history says of a row what it is now, or was before it went: then claimed first, which raises its version."""
    if act == "-":
        return said | {"version": 0} == (before or {}) | {"version": 0}
    return said == after


class Watch:
    """Compares two moments."""

    def __init__(self) -> None:
        self.before, self.known = state(), told()

    def faults(self, author: int | None, through: str = "") -> tuple[int, list[str]]:
        """How many rows changed since, and what history does not say of them as it should."""
        after, now = state(), told()
        changed = {key for key in {*self.before, *after} if self.before.get(key) != after.get(key)}
        new = [row for number, row in now.items() if number not in self.known]
        faults = []
        for key in changed:
            act = "+" if key not in self.before else "-" if key not in after else "~"
            mine = [row for row in new if row[0] == key]
            if [row[1] for row in mine] != [act]:
                faults.append(f"{key}: {act} is told as {[row[1] for row in mine]}")
                continue
            _key, _act, by, reason, said = mine[0]
            if by != author or not reason.startswith(through):
                faults.append(f"{key}: by {by} through “{reason}”")
            if not told_rightly(act, said, self.before.get(key), after.get(key)):
                faults.append(f"{key}: says {said}")
        faults += [f"{row[0]}: {row[1]} is told and nothing changed" for row in new if row[0] not in changed]
        return len(changed), faults
