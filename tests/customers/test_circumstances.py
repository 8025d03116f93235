"""Circumstances of customers: what may be noted, who may, and where they are shown."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.circumstances import (
    archive_circumstance,
    change_circumstance,
    end_circumstance,
    note_circumstance,
    restore_circumstance,
)
from customers.models import Circumstance, CircumstanceKind
from customers.queries.circumstances import days, how_soon
from planning.models import PlanningSettings
from territory.conflicts import Conflict
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def kind(db):
    return CircumstanceKind.objects.create(name="Budget freeze")


def day(number: int) -> dt.date:
    return TODAY + dt.timedelta(days=number)


def note(cast, kind, **values):
    return note_circumstance(actor=cast.rep, now=NOW, customer=cast.own, values={"kind": kind, **values})


class TestWhatMayBeNoted:
    def test_it_knows_who_noted_it(self, cast, kind):
        row = note(cast, kind, starts_on=TODAY, note="Said their controller")
        assert (row.noted_by, row.history.get().history_user) == (cast.rep, cast.rep)

    def test_the_last_day_is_not_before_the_first(self, cast, kind):
        with pytest.raises(ValidationError, match="before the first"):
            note(cast, kind, starts_on=day(1), ends_on=TODAY)

    @pytest.mark.parametrize(
        ("first", "last", "again"),
        [
            (None, None, False),
            (10, 20, False),
            (20, 30, False),
            (0, 10, False),
            (None, 10, False),
            (20, None, False),
            (21, None, True),
            (None, 9, True),
            (0, 9, True),
        ],
    )
    def test_the_same_kind_once_on_a_day(self, cast, kind, first, last, again):
        note(cast, kind, starts_on=day(10), ends_on=day(20))
        given = {"starts_on": first if first is None else day(first), "ends_on": last if last is None else day(last)}
        if again:
            note(cast, kind, **given)
        else:
            with pytest.raises(ValidationError, match="already"):
                note(cast, kind, **given)

    def test_other_kinds_and_other_customers_do_not_stand_in_the_way(self, cast, kind):
        note(cast, kind)
        note(cast, CircumstanceKind.objects.create(name="Merger"))
        factories.circumstance(cast.foreign)
        assert Circumstance.objects.count() == 3

    def test_two_who_change_it_at_once(self, cast, kind):
        row = note(cast, kind)
        change_circumstance(actor=cast.rep, now=NOW, row=row, version=1, values={"note": "Until autumn"})
        with pytest.raises(Conflict):
            end_circumstance(actor=cast.rep, now=NOW, row=row, version=1, ends_on=TODAY)

    def test_what_never_held_is_put_away_and_comes_back_only_where_there_is_room(self, cast, kind):
        row = note(cast, kind)
        archive_circumstance(actor=cast.rep, now=NOW, row=row)
        archive_circumstance(actor=cast.rep, now=NOW, row=row)
        assert not Circumstance.objects.on(TODAY).exists()
        other = note(cast, kind)
        with pytest.raises(ValidationError, match="already"):
            restore_circumstance(actor=cast.rep, now=NOW, row=row)
        archive_circumstance(actor=cast.rep, now=NOW, row=other)
        restore_circumstance(actor=cast.rep, now=NOW, row=row)
        assert Circumstance.objects.on(TODAY).get() == row
        assert row.history.count() == 3


@pytest.mark.parametrize(
    ("who", "sees", "changes"),
    [
        ("rep", True, True),
        ("coordinator", True, True),
        ("manager", True, True),
        ("admin", True, True),
        ("technician", True, False),
        ("mate", False, False),
        ("other_manager", False, False),
    ],
)
def test_who_sees_the_customer_sees_them_and_who_changes_it_changes_them(cast, who, sees, changes):
    row = factories.circumstance(cast.own)
    user = getattr(cast, who)
    assert Circumstance.objects.visible_to(user).exists() is sees
    assert Circumstance.objects.editable_by(user).exists() is changes
    expected = 200 if changes else 403 if sees else 404
    client = client_of(user)
    assert client.get(reverse("circumstance_edit", args=[row.pk])).status_code == expected
    assert client.get(reverse("circumstance_create", args=[cast.own.pk])).status_code == expected


class TestThePage:
    def typed(self, kind, **values):
        return {"kind": kind.pk, "starts_on": "", "ends_on": "", "note": "", **values}

    def test_noting_changing_ending_archiving(self, cast, kind):
        client = client_of(cast.rep)
        url = reverse("circumstance_create", args=[cast.own.pk])
        response = client.post(url, self.typed(kind, starts_on="2026-06-01", note="Since the new owner"))
        assert (response.status_code, response.url) == (302, f"/customers/{cast.own.pk}/#circumstances")
        row = Circumstance.objects.get()
        assert client.post(url, self.typed(kind)).status_code == 422
        edit = reverse("circumstance_edit", args=[row.pk])
        assert client.post(edit, self.typed(kind, ends_on="2026-07-01", version=1)).status_code == 302
        assert client.post(edit, self.typed(kind, version=1)).status_code == 409
        end = reverse("circumstance_end", args=[row.pk])
        assert client.post(end, {"ends_on": "2026-06-30", "version": 2}).status_code == 302
        row.refresh_from_db()
        assert (row.starts_on, row.ends_on) == (None, dt.date(2026, 6, 30))
        client.post(reverse("circumstance_archive", args=[row.pk]))
        assert not Circumstance.objects.live().exists()
        client.post(reverse("circumstance_restore", args=[row.pk]))
        assert Circumstance.objects.live().get() == row

    def test_it_stands_at_the_head_while_it_holds(self, cast):
        factories.circumstance(cast.own, "Contract with another supplier", ends_on=day(30), note="With Acme")
        factories.circumstance(cast.own, "Merger", starts_on=day(3))
        factories.circumstance(cast.own, "New buyer", ends_on=day(-1))
        page = client_of(cast.rep).get(reverse("customer_detail", args=[cast.own.pk]))
        found = page.context["circumstances"]
        assert [str(row) for row in found.now] == ["Contract with another supplier"]
        assert [str(row) for row in found.later] == ["Merger"]
        assert [str(row) for row in found.ended] == ["New buyer"]
        head, _, _rest = page.content.decode().partition('<dl class="figures">')
        assert "Contract with another supplier, ends in 30 days" in head
        assert "Merger" not in head
        assert "New buyer" not in head

    def test_the_timeline_tells_what_became_of_it(self, cast, kind):
        row = note(cast, kind, starts_on=TODAY)
        end_circumstance(actor=cast.rep, now=NOW, row=row, version=1, ends_on=day(6))
        archive_circumstance(actor=cast.rep, now=NOW, row=row)
        url = f"{reverse('customer_detail', args=[cast.own.pk])}?tab=changes"
        entries = [
            (entry.title, entry.people, entry.text)
            for entry in client_of(cast.rep).get(url).context["piece"].entries
            if "circumstance" in entry.key
        ]
        assert entries == [
            ("Circumstance archived", "Rep", ""),
            ("Circumstance changed: Budget freeze", "Rep", "Until – to 15 June 2026"),
            ("Circumstance noted", "Rep", "Budget freeze"),
        ]

    def test_a_retired_kind_is_offered_no_more_but_stays_where_it_was_chosen(self, cast, kind):
        row = note(cast, kind)
        kind.retired_at = NOW
        kind.save()
        client = client_of(cast.rep)
        new = client.get(reverse("circumstance_create", args=[cast.own.pk])).context["form"]
        assert kind not in new.fields["kind"].queryset
        edited = client.get(reverse("circumstance_edit", args=[row.pk])).context["form"]
        assert kind in edited.fields["kind"].queryset


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (None, None, "until further notice"),
        (-8, None, "since 1 Jun"),
        (7, None, "from 16 Jun"),
        (None, 21, "until 30 Jun, ends in 21 days"),
        (-8, 1, "1 Jun to 10 Jun, ends tomorrow"),
        (-8, -1, "1 Jun to 8 Jun"),
    ],
)
def test_its_days_in_words(starts, ends, words):
    row = Circumstance(starts_on=None if starts is None else day(starts), ends_on=None if ends is None else day(ends))
    assert days(row, TODAY) == words


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (30, "ends in 30 days"),
        (1, "ends tomorrow"),
        (0, "ends today"),
        (-1, "ended yesterday"),
        (-5, "ended 5 days ago"),
    ],
)
def test_how_soon_in_words(ahead, words):
    assert how_soon(day(ahead), TODAY) == words


class TestToday:
    def shown(self, user):
        page = client_of(user).get(reverse("today"))
        return [(row.kind.name, row.soon) for row in page.context["circumstances"]]

    def test_what_ends_within_30_days_and_what_ended_within_a_week(self, cast):
        for name, ends in (("Last month", -8), ("Just over", -7), ("Soon", 30), ("Not yet", 31), ("Open", None)):
            factories.circumstance(cast.own, name, ends_on=None if ends is None else day(ends))
        assert self.shown(cast.rep) == [("Just over", "ended 7 days ago"), ("Soon", "ends in 30 days")]

    def test_how_far_ahead_is_a_setting(self, cast):
        factories.circumstance(cast.own, "Contract with another supplier", ends_on=day(90))
        assert self.shown(cast.rep) == []
        PlanningSettings(circumstances_ahead_days=90).save()
        assert self.shown(cast.rep) == [("Contract with another supplier", "ends in 90 days")]

    def test_only_of_customers_one_works_on_and_of_none_that_was_archived(self, cast):
        for customer in (cast.own, cast.team_mates, cast.foreign):
            factories.circumstance(customer, ends_on=day(3))
        away = factories.circumstance(cast.own, "Merger", ends_on=day(3))
        archive_circumstance(actor=cast.rep, now=NOW, row=away)
        assert self.shown(cast.rep) == [("Budget freeze", "ends in 3 days")]
        assert self.shown(cast.mate) == [("Budget freeze", "ends in 3 days")]
        cast.own.archived_at = NOW
        cast.own.save()
        assert self.shown(cast.rep) == []

    def test_the_next_eight_are_named_and_that_there_are_more(self, cast):
        for number in range(8):
            factories.circumstance(cast.own, f"Kind {number}", ends_on=day(number))
        client = client_of(cast.rep)
        assert "More end soon after" not in client.get(reverse("today")).content.decode()
        factories.circumstance(cast.own, "Kind 8", ends_on=day(8))
        text = client.get(reverse("today")).content.decode()
        assert "Kind 7" in text
        assert "Kind 8" not in text
        assert "More end soon after" in text

    def test_queries_do_not_grow_with_rows(self, cast, django_assert_num_queries):
        factories.circumstance(cast.own, "First", ends_on=day(3))
        client = client_of(cast.rep)
        client.get(reverse("today"))
        pages = {name: reverse(name, args=args) for name, args in (("today", []), ("customer_detail", [cast.own.pk]))}
        counts = {}
        for name, url in pages.items():
            with CaptureQueriesContext(connection) as seen:
                client.get(url)
            counts[name] = len(seen)
        for number in range(5):
            factories.circumstance(cast.own, f"Kind {number}", ends_on=day(number))
        for name, url in pages.items():
            with django_assert_num_queries(counts[name]):
                assert "Kind 4" in client.get(url).content.decode()
