"""What is denied changes nothing, also when what was sent is right: every form x everyone who may not."""

import pytest
from django.urls import reverse

from tests.test_access_matrix import checked_in
from tests.two_teams import ONES_OWN, Shared, asks, clients, company_asks, filled, sent, side

SIGN_IN = "sign in"
DENIED = {SIGN_IN, "403", "404"}


@pytest.fixture
def ours(cast, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    own = [ask for ask in asks(it, shared, cast.mate_membership) if ask.name not in ("team_archive", "team_restore")]
    return [*own, *company_asks(it, shared, cast.mate_membership)]


def said(response) -> str:
    if response.status_code == 302 and response.url.startswith(reverse("account_login")):
        return SIGN_IN
    return str(response.status_code)


def test_a_right_form_of_who_may_not_changes_nothing(cast, ours):
    everyone, table = clients(cast), checked_in()
    who = ["signed out", *cast.everyone()]
    tried, wrong = 0, []
    for ask in ours:
        who_may = everyone["salesperson" if ask.name in ONES_OWN else "administrator"]
        data = filled(who_may, ask)
        response, writes = sent(who_may, "POST", ask.url, data)
        if response.status_code != 302 or not (writes or ask.name in CHANGES_NOTHING):
            wrong.append(f"{ask.name}: what was sent is not right: {response.status_code} {_errors(response)}")
        for name, cell in zip(who, _cells(table, ask.name, who), strict=True):
            response, writes = sent(everyone[name], "POST", ask.url, data)
            if cell in DENIED:
                tried += 1
                if said(response) != cell or writes:
                    wrong.append(f"{ask.name} by {name}: {said(response)} instead of {cell}, wrote {writes[:1]}")
            elif said(response) in DENIED:
                wrong.append(f"{ask.name} by {name}: {said(response)} although the table says {cell}")
    assert not wrong, "\n".join(wrong)
    assert tried > 300


# Their rows are as they would become, all they do is to send a letter, or there is nothing yet to take back.
CHANGES_NOTHING = {
    "circumstance_restore", "contact_restore", "customer_restore", "goal_restore", "my_week_feed_revoke", "own_rule_restore", "person_reactivate",
    "person_send_link", "place_accept", "planned_restore", "role_restore", "rule_restore", "work_restore",
}  # fmt: skip


# The table asks these about another row than the forms here, which say about which touch, or about an archived team.
AS_IF = {"implausible_touches": "touch_edit", "team_restore": "team_archive"}


def _cells(table, name: str, who: list[str]) -> list[str]:
    return table[(AS_IF.get(name, name), "POST")][: len(who)]


def _errors(response) -> str:
    form = (getattr(response, "context", None) or {}).get("form")
    return str(dict(form.errors) if form is not None else "")[:300]
