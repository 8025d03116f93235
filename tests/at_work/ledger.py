"""What people asked for and were answered, to be held against what is stored."""

from collections import Counter
from dataclasses import dataclass, field

from django.test import Client
from django.urls import reverse

from territory.again import again
from tests.accounts.signing_in import client_of
from tests.two_teams import shown_in


@dataclass
class Ledger:
    """Of one who works. Texts stand for what was typed: each is used once.

    `stored`: by kind, what was answered with success: key of the row (or number that it carries) and text.
    """

    answers: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    stored: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    done: Counter = field(default_factory=Counter)

    def keep(self, kind: str, key: object, text: str) -> None:
        self.stored.setdefault(kind, []).append((str(key), text))

    def add(self, other: "Ledger") -> None:
        self.answers += other.answers
        self.faults += other.faults
        self.done += other.done
        for kind, rows in other.stored.items():
            self.stored.setdefault(kind, []).extend(rows)


class Desk:
    """A person at a browser: looks at forms, sends them, and writes down how it went."""

    def __init__(self, person, ledger: Ledger) -> None:
        self.person, self.ledger = person, ledger
        browser = {"enforce_csrf_checks": True, "raise_request_exception": False, "SERVER_NAME": "localhost"}
        self.client: Client = again(lambda: client_of(person, **browser))

    def look(self, name: str, *args, **query) -> dict | None:
        """What the form of a page shows; None where the person may not see it (any more)."""
        response = self.client.get(reverse(name, args=args), query)
        self._note(f"look at {name}", response)
        return shown_in(response.content.decode()) if response.status_code == 200 else None

    def send(self, shown: dict, name: str, *args, text: str = "", query: str = "", gone=None, **typed):
        """Send a form with what was typed in the place of what it showed; the answer where it was stored, else None.

        A refusal is a page with what was typed in it. `gone()`: whether what it was about is no longer the person's.
        """
        response = self.answer(shown, name, *args, query=query, **typed)
        if response.status_code == 302:
            return response
        if response.status_code in (409, 422):
            if text not in response.content.decode():
                self.fault(f"{name} answered {response.status_code} without what was typed")
        elif response.status_code not in (403, 404) or gone is None or not gone():
            self.fault(f"{name} answered {response.status_code}")
        return None

    def answer(self, shown: dict, name: str, *args, query: str = "", **typed):
        """Send a form as `send` does; the answer, whatever it is."""
        response = self.client.post(reverse(name, args=args) + query, {**shown, **typed})
        self._note(f"send {name}", response)
        return response

    def fault(self, words: str) -> None:
        self.ledger.faults.append(f"{self.person}: {words}")

    def _note(self, what: str, response) -> None:
        self.ledger.answers[what, response.status_code] += 1
        if response.status_code >= 500:
            error = getattr(response, "exc_info", None)
            self.fault(f"{what} answered {response.status_code} {error[1] if error else ''}")
