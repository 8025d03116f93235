"""What happens to people that others may have to recompute, and what others may have against it."""

from django.dispatch import Signal

# Sent in the transaction of the change, with user_ids: an iterable of primary keys. Memberships, absences, bases.
people_facts_changed = Signal()

# Sent in the transaction in which a role is retired or comes back: rules of retired roles ask for nothing.
roles_changed = Signal()

# Asked in the transaction before a row is archived or narrowed, with `row` as it would be and `change`: "archive" of a
# team, "profile", "team" or "end" of a membership. A receiver answers a sentence that says why not, or None.
objections = Signal()


def raise_objections(sender: type, row: object, change: str) -> None:
    """Raise a ValidationError with all that rooms above have against the change."""
    from django.core.exceptions import ValidationError

    sentences = [answer for _receiver, answer in objections.send(sender, row=row, change=change) if answer]
    if sentences:
        raise ValidationError(sentences)
