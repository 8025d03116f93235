"""What a change of access opens and closes, as sentences."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access_effects import COMPANY, CUSTOMERS, PEOPLE, TEAMS, Line

# Effect -> what one does; for the company as a whole it is all there is to say.
DOES = {
    "directory": gettext_lazy("find in the directory"),
    "see_customers": gettext_lazy("see"),
    "change_customers": gettext_lazy("change"),
    "see_touches": gettext_lazy("see touches with"),
    "log_touches": gettext_lazy("log touches with"),
    "change_touches": gettext_lazy("change touches, whoever logged them, with"),
    "see_orders": gettext_lazy("see orders of"),
    "change_orders": gettext_lazy("add and change orders of"),
    "see_amounts": gettext_lazy("see amounts of"),
    "see_expenses": gettext_lazy("see expenses on"),
    "note_expenses": gettext_lazy("note expenses on"),
    "approve_expenses": gettext_lazy("approve expenses on"),
    "see_budgets": gettext_lazy("see budgets and situations of"),
    "change_budgets": gettext_lazy("acknowledge situations of"),
    "import": gettext_lazy("import to"),
    "export": gettext_lazy("export"),
    "see_sales_of_teams": gettext_lazy("see the sales of"),
    "see_load_of_teams": gettext_lazy("see the load of"),
    "see_load_of_people": gettext_lazy("see the load of"),
    "see_cost": gettext_lazy("see the cost rates of"),
    "change_cost": gettext_lazy("change the cost rates of"),
    "see_names": gettext_lazy("see the names of"),
    "see_people": gettext_lazy("see the memberships of"),
    "see_absences": gettext_lazy("see the absences of"),
    "change_absences": gettext_lazy("enter absences of"),
    "see_rules": gettext_lazy("see the rules"),
    "change_rules": gettext_lazy("change the rules"),
    "approve_rules": gettext_lazy("approve rules"),
    "see_touch_values": gettext_lazy("see touch values"),
    "change_touch_values": gettext_lazy("change touch values"),
    "approve_touch_values": gettext_lazy("approve touch values"),
    "change_people": gettext_lazy("change people, teams, roles and access"),
    "see_audit": gettext_lazy("see the audit and jobs"),
}


def _people(n: int) -> str:
    return ngettext("%(n)s person", "%(n)s people", n) % {"n": n}


def _things(kind: str, n: int, more: bool) -> str:
    words = {
        (CUSTOMERS, True): ngettext("%(n)s more customer", "%(n)s more customers", n),
        (CUSTOMERS, False): ngettext("%(n)s customer", "%(n)s customers", n),
        (PEOPLE, True): ngettext("%(n)s more person", "%(n)s more people", n),
        (PEOPLE, False): ngettext("%(n)s person", "%(n)s people", n),
        (TEAMS, True): ngettext("%(n)s more team", "%(n)s more teams", n),
        (TEAMS, False): ngettext("%(n)s team", "%(n)s teams", n),
    }
    return words[kind, more] % {"n": n}


def sentence(line: Line, *, counts_customers: bool = True) -> str:
    """ "12 people will see amounts of 240 more customers.", "1 person will no longer change the rules."

    How many customers there are is told to who sees all of them.
    """
    words = {"people": _people(line.people), "do": DOES[line.key]}
    if line.kind == COMPANY:
        return (_("%(people)s will %(do)s.") if line.opens else _("%(people)s will no longer %(do)s.")) % words
    if line.kind == CUSTOMERS and not counts_customers:
        words["things"] = _("more customers") if line.opens else _("customers")
    else:
        words["things"] = _things(line.kind, line.things, line.opens)
    text = _("%(people)s will %(do)s %(things)s.") if line.opens else _("%(people)s will no longer %(do)s %(things)s.")
    return text % words
