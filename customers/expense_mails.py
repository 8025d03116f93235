"""Tells who noted an expense that it was refused, and why."""

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Act, Area, may
from customers.models import Expense, ExpenseStatus
from territory.formats.days import day_text
from territory.formats.numbers import money_text
from territory.mail import kinds, outbox
from territory.mail.kinds import Kind, Message

EXPENSE_REFUSED = "expense_refused"


def register() -> None:
    kinds.add(
        Kind(
            key=EXPENSE_REFUSED,
            label=gettext_lazy("An expense of mine was refused"),
            compose=_compose,
            offered=_notes_expenses,
        )
    )


def _notes_expenses(user: User) -> bool:
    return may(user, Area.EXPENSES, Act.CHANGE)


def post_refused(expense: Expense, *, now: dt.datetime) -> None:
    """Once each time it is refused; in the transaction in which it is."""
    key = f"expense-refused:{expense.pk}:{now.isoformat()}"
    outbox.post(kind=EXPENSE_REFUSED, to=[expense.author], key=key, now=now, facts={"expense": expense.pk})


def _compose(user: User, facts: dict[str, Any]) -> Message | None:
    """Nothing any more where its author took it up again before the mail was sent."""
    rows = Expense.objects.live().visible_to(user).select_related("decided_by")
    expense = rows.filter(pk=facts["expense"], status=ExpenseStatus.REFUSED).first()
    if expense is None:
        return None
    words = {
        "amount": money_text(expense.amount),
        "day": day_text(expense.spent_on),
        "who": expense.decided_by,
        "reason": expense.reason,
        "link": outbox.link(reverse("expense_detail", args=[expense.pk])),
    }
    text = _(
        "%(who)s refused your expense of %(amount)s, %(day)s:\n\n%(reason)s\n\nTake it back and mend it: %(link)s\n"
    )
    return Message(_("Expense refused: %(amount)s, %(day)s") % words, text % words)
