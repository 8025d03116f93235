"""Cover in figures: due days, who does it, whose week holds the work; stored, from the log, and on the screens."""

import datetime as dt
import uuid
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from customers.actions.covers import add_cover
from customers.actions.touches import Participant, TouchEntry, edit_touch, log_touch
from customers.models import PlannedTouch, Touch
from planning.actions.recompute import recompute
from planning.models import BudgetShare, DueTouch
from planning.queries import workload
from planning.reports import due as due_report
from planning.reports.definition import Asked
from planning.staleness import stale_customers
from tests import factories
from tests.two_teams import Ask, filled

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = NOW.date()
MONDAY = dt.date(2026, 6, 8)
FRIDAY = dt.date(2026, 6, 12)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def weekly(cast):
    """The rep calls their customer weekly; last on Wednesday a week ago, so it is due tomorrow."""
    cast.own.tier, cast.own.stage_began_at = factories.tier(), NOW - 100 * DAY
    cast.own.save()
    factories.contact_rule(role=cast.rep_membership.role)
    factories.touch(cast.own, cast.rep, NOW - 6 * DAY)
    return cast.own


def share(customer, membership, minutes):
    return BudgetShare.objects.create(
        customer=customer, role=membership.role, membership=membership, team=membership.team, share=1,
        touch_minutes=minutes,
    )  # fmt: skip


def due_of(cast):
    recompute([cast.own.pk], now=NOW)
    return DueTouch.objects.get(customer=cast.own, role=cast.rep_membership.role)


def test_an_absence_moves_the_due_day_and_a_cover_keeps_it(cast, weekly):
    factories.absence(cast.rep, MONDAY, FRIDAY)
    assert due_of(cast).due_on == dt.date(2026, 6, 15)
    factories.cover(cast.rep, cast.mate_membership, TODAY, FRIDAY)
    assert (due_of(cast).due_on, due_of(cast).person) == (TODAY + DAY, cast.rep)


def test_a_cover_of_other_customers_moves_it_all_the_same(cast, weekly):
    factories.absence(cast.rep, MONDAY, FRIDAY)
    factories.cover(cast.rep, cast.mate_membership, TODAY, FRIDAY, factories.customer(owner=cast.rep_membership))
    assert due_of(cast).due_on == dt.date(2026, 6, 15)
    factories.cover(cast.rep, cast.technician_membership, TODAY, FRIDAY, cast.own)
    assert due_of(cast).due_on == TODAY + DAY


def test_a_cover_makes_the_covered_persons_figures_stale(cast, weekly):
    factories.absence(cast.rep, MONDAY, FRIDAY)
    recompute([cast.own.pk, cast.team_mates.pk, cast.foreign.pk], now=NOW)
    assert not stale_customers(TODAY).exists()
    add_cover(
        actor=cast.manager, now=NOW, user=cast.rep, membership=cast.mate_membership, starts_on=TODAY, ends_on=FRIDAY
    )
    assert list(stale_customers(TODAY)) == [cast.own]


@pytest.mark.parametrize("as_of", [None, TODAY])
def test_the_report_of_what_is_due_names_who_stands_in(cast, weekly, as_of):
    factories.cover(cast.rep, cast.mate_membership, TODAY, FRIDAY)
    recompute([cast.own.pk], now=NOW)
    rows = due_report.answer(Asked(today=TODAY, now=NOW, as_of=as_of)).rows
    assert [(row["person"], row["due"]) for row in rows if row["customer"] == "Own customer"] == [("Mate", TODAY + DAY)]


def test_after_the_cover_it_is_the_persons_again(cast, weekly):
    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY)
    recompute([cast.own.pk], now=NOW)
    rows = due_report.answer(Asked(today=TODAY, now=NOW)).rows
    assert [row["person"] for row in rows if row["customer"] == "Own customer"] == ["Rep"]


def cells_of(cast, reader=None):
    rows = workload.board(reader or cast.manager).rows
    return {row.person.name: row.cells[0] for row in rows}


def test_covered_work_counts_for_the_cover(cast):
    """3,478.4 minutes a month are 800 a week; 2 of 5 days covered: 320 of them."""
    share(cast.own, cast.rep_membership, 3478.4)
    factories.cover(cast.rep, cast.mate_membership, MONDAY, TODAY)
    cells = cells_of(cast)
    assert cells["Rep"].workload == pytest.approx(480)
    assert cells["Mate"].workload == pytest.approx(320)


def test_of_chosen_customers_only_their_part_counts_for_the_cover(cast):
    """Three quarters of 800 minutes, on 2 of 5 days."""
    other = factories.customer(owner=cast.rep_membership)
    share(cast.own, cast.rep_membership, 2608.8)
    share(other, cast.rep_membership, 869.6)
    factories.cover(cast.rep, cast.mate_membership, MONDAY, TODAY, cast.own)
    assert cells_of(cast)["Mate"].workload == pytest.approx(240)


def test_ones_own_week_is_that_of_the_heat_map_for_both(cast):
    share(cast.own, cast.rep_membership, 3478.4)
    share(cast.team_mates, cast.mate_membership, 434.8)
    factories.cover(cast.rep, cast.mate_membership, MONDAY, TODAY)
    cells = cells_of(cast)
    assert workload.own_week(cast.mate) == cells["Mate"]
    assert workload.own_week(cast.rep) == cells["Rep"]


def test_who_is_away_too_does_not_get_the_work(cast):
    share(cast.own, cast.rep_membership, 3478.4)
    factories.cover(cast.rep, cast.mate_membership, MONDAY, TODAY)
    factories.absence(cast.mate, TODAY, TODAY)
    assert cells_of(cast)["Mate"].workload == pytest.approx(160)


def test_the_cell_says_for_whom_and_by_whom(client, cast):
    share(cast.own, cast.rep_membership, 3478.4)
    factories.cover(cast.rep, cast.mate_membership, MONDAY, TODAY)
    client.force_login(cast.manager)
    pages = {
        person: client.get(reverse("workload_person", args=[person.pk, MONDAY.isoformat()])).content.decode()
        for person in (cast.rep, cast.mate)
    }
    assert "5.3 h of it stands in for Rep." in pages[cast.mate]
    assert "Mate covers 5.3 h, which counts there." in pages[cast.rep]


def test_absences_are_named_only_to_who_may_see_them(client, cast):
    """A role with reach over the team's workload but only its own absences reads "away" in the map, and no names or days."""
    role = factories.role("Salesperson")
    role.access["budgets"] = {"see": "team"}
    role.save()
    share(cast.own, cast.rep_membership, 3478.4)
    factories.cover(cast.rep, cast.technician_membership, MONDAY, FRIDAY)
    board = workload.board(cast.mate)
    assert board.away == []
    assert [absent.person.name for absent in workload.board(cast.manager).away] == ["Rep"]
    client.force_login(cast.mate)
    page = client.get(reverse("workload_person", args=[cast.rep.pk, MONDAY.isoformat()])).content.decode()
    assert ("8 Jun to 12 Jun" in page, "Technician" in page) == (False, False)
    page = client.get(reverse("workload_person", args=[cast.technician.pk, MONDAY.isoformat()])).content.decode()
    assert ("for a colleague" in page, "for Rep" in page) == (True, False)


def logged(client, cast, customer, **more):
    """A call logged by the technician, who supports the rep's customer and covers the rep, from an address with `more`."""
    url = f"{reverse('log_touch')}?{urlencode({'customer': customer.pk, **more})}"
    client.force_login(cast.technician)
    ask = Ask("log_touch", url, {"type": factories.touch_type().pk, "minutes": "15"})
    assert client.post(url, filled(client, ask)).status_code == 302
    return Touch.objects.latest("pk").people.get().role.name


def test_a_supporter_who_covers_the_owner_settles_the_owners_row_or_their_own(client, cast, weekly):
    """Both roles ask for the same call; logged from the covered person's row it is that person's, else one's own."""
    factories.contact_rule(role=cast.technician_membership.role)
    factories.cover(cast.rep, cast.technician_membership, TODAY, FRIDAY)
    due_of(cast)

    def due():
        recompute([cast.own.pk], now=NOW)
        return {row.role.name: row.due_on for row in DueTouch.objects.filter(customer=cast.own)}

    before = due()
    factories.planned_touch(cast.own, cast.rep, TODAY, type=factories.touch_types()["field"])
    client.force_login(cast.technician)
    for page in (reverse("today"), reverse("customer_detail", args=[cast.own.pk])):
        assert f"&amp;covered={cast.rep.pk}" in client.get(page).content.decode()
    assert logged(client, cast, cast.own) == "Technical support"
    assert due()["Salesperson"] == before["Salesperson"]
    assert logged(client, cast, cast.own, covered=cast.rep.pk) == "Salesperson"
    assert due()["Salesperson"] == dt.date(2026, 6, 16)


def put_off(client, page):
    """Put the one row of a page off to Friday, as its menu offers it."""
    address = page[page.index(reverse("planned_put_off")) :].split('"')[0].replace("&amp;", "&")
    answer = client.post(address, {"until": FRIDAY.isoformat(), "reason": "On holiday"})
    assert answer.status_code == 302
    return PlannedTouch.objects.get()


@pytest.mark.parametrize("name", ["today", "customer_detail"])
def test_a_supporter_puts_the_owners_row_off_for_the_owner(client, cast, weekly, name):
    factories.touch(cast.own, cast.rep, NOW - 9 * DAY)
    Touch.objects.filter(at__gt=NOW - 8 * DAY).delete()
    factories.cover(cast.rep, cast.technician_membership, TODAY, FRIDAY)
    due_of(cast)
    client.force_login(cast.technician)
    args = [cast.own.pk] if name == "customer_detail" else []

    planned = put_off(client, client.get(reverse(name, args=args)).content.decode())

    assert (planned.assignee, planned.planned_by, planned.due_on) == (cast.rep, cast.technician, FRIDAY)


def test_nobody_puts_off_for_somebody_whom_they_do_not_cover(client, cast, weekly):
    voice = factories.touch_type()
    client.force_login(cast.technician)
    about = urlencode({"customer": cast.own.pk, "type": voice.pk, "covered": cast.rep.pk})

    put_off(client, f'{reverse("planned_put_off")}?{about}"')

    assert PlannedTouch.objects.get().assignee == cast.technician


def test_the_place_of_somebody_whom_one_does_not_cover_is_not_offered_and_refused(client, cast, weekly):
    assert logged(client, cast, cast.own, covered=cast.rep.pk) == "Technical support"
    factories.cover(cast.rep, cast.technician_membership, TODAY, FRIDAY)
    url = f"{reverse('log_touch')}?customer={cast.own.pk}"
    ask = Ask("log_touch", url, {"type": factories.touch_type().pk, "minutes": "15", "covered": cast.mate.pk})
    response = client.post(url, filled(client, ask))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["covered"])


def test_another_day_on_which_they_cover_keeps_the_role(cast, weekly):
    factories.cover(cast.rep, cast.technician_membership, TODAY - DAY, FRIDAY)
    who = (Participant(user=cast.technician, duration_seconds=600),)
    said = TouchEntry(customer=cast.own, type=factories.touch_type(), at=NOW, participants=who, covered=cast.rep)
    touch = log_touch(actor=cast.technician, now=NOW, uuid=uuid.UUID(int=5), entry=said).touch

    def corrected(at):
        entry = TouchEntry(customer=cast.own, type=said.type, at=at, participants=who)
        edit_touch(actor=cast.technician, now=NOW, touch=touch, version=touch.version, entry=entry)
        return touch.people.get().role.name

    assert [corrected(NOW - DAY), corrected(NOW - 3 * DAY)] == ["Salesperson", "Technical support"]
