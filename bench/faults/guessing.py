"""A hundred wrong passwords for one address, from as many places: at most ten are evaluated, and then the right one is not either."""

from django.test import Client
from django.urls import reverse

from accounts.models import User
from bench.faults.outcome import Outcome
from bench.table import Figure
from tests import factories

GUESSES, MOST = 100, 10


def fault(scale: float) -> list[Outcome]:
    guesses = max(MOST + 2, round(GUESSES * min(scale, 1)))
    factories.company()
    person, evaluated = factories.person(), []
    person.set_password("the right one, of course")
    person.save()
    check = User.check_password
    User.check_password = lambda self, raw: evaluated.append(raw) or check(self, raw)
    client, statuses = Client(SERVER_NAME="localhost"), []
    for number in range(guesses):
        typed = {"login": person.email, "password": f"wrong {number}"}
        statuses.append(client.post(reverse("account_login"), typed, REMOTE_ADDR=f"10.0.0.{number}").status_code)
    count = len(evaluated)
    client.post(reverse("account_login"), {"login": person.email, "password": "the right one, of course"})
    wrong = ["somebody was signed in by a guess"] if "_auth_user_id" in client.session else []
    return [
        Outcome(
            "passwords are guessed", f"{guesses} wrong ones for one address, from as many places",
            figures={
                "evaluated in 15 minutes": Figure(count, MOST),
                "error pages": Figure(sum(status >= 500 for status in statuses), 0),
            },
            wrong=wrong,
        )
    ]  # fmt: skip
