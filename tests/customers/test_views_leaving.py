"""The pages of cover, hand-over and leaving: what they do, what they refuse and at which field, and what they cost."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Cover
from customers.models import Assignment
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
UNKNOWN = 98765432


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def send():
    """Asks for a page, or sends a form, as somebody who gave their password a moment ago."""

    def ask(user, name, pk, data=None):
        client, address = client_of(user), reverse(name, args=[pk])
        return client.get(address) if data is None else client.post(address, data)

    return ask


def handing(cast, **changes):
    row = Assignment.objects.get(customer=cast.own, membership=cast.rep_membership)
    said = {"to": cast.mate_membership.pk, "on": "2026-06-09", "act": "do", "rows": f"{row.pk}:{row.version}"}
    return {**said, "seen": cast.mate_membership.pk, **changes}


def covering(cast, **changes):
    said = {"membership": cast.mate_membership.pk, "starts_on": "2026-06-09", "ends_on": "2026-06-12"}
    return {**said, "covers_all": "on", **changes}


def owner_of(customer):
    row = Assignment.objects.on(TODAY).get(customer=customer, kind__in=["lead", "sole"])
    return row.membership.user.name


def test_a_cover_is_entered_changed_and_removed(send, cast):
    factories.absence(cast.rep, TODAY, TODAY + dt.timedelta(days=3))
    assert send(cast.manager, "cover_create", cast.rep.pk, covering(cast)).status_code == 302
    cover = Cover.objects.get()
    some = covering(cast, covers_all="", customers=cast.own.pk, version=cover.version)
    assert send(cast.manager, "cover_edit", cover.pk, some).status_code == 302
    assert [row.customer for row in cover.customers.all()] == [cast.own]
    assert send(cast.manager, "cover_delete", cover.pk, {}).status_code == 302
    assert not Cover.objects.exists()


def test_a_chosen_customer_that_the_editor_does_not_see_stays_chosen(send, cast):
    cover = factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY + dt.timedelta(days=3), cast.own, cast.foreign)
    some = covering(cast, covers_all="", customers=cast.own.pk, version=cover.version)
    assert send(cast.manager, "cover_edit", cover.pk, some).status_code == 302
    assert {row.customer for row in cover.customers.all()} == {cast.own, cast.foreign}


def test_of_many_customers_some_are_shown_others_found_and_what_is_ticked_is_kept(send, cast):
    factories.absence(cast.rep, TODAY, TODAY + dt.timedelta(days=3))
    many = [factories.customer(f"Mill {number:03}", owner=cast.rep_membership) for number in range(400)]
    ticked = [many[5].pk, many[300].pk, many[301].pk]
    said = covering(cast, covers_all="", customers=ticked, find="míll 39", search="1")

    looked = send(cast.manager, "cover_create", cast.rep.pk, said)
    form = looked.context["form"]
    assert (looked.status_code, Cover.objects.count()) == (200, 0)
    found = [39, 139, 239, 339, *range(390, 400)]
    assert [name for _pk, name, _ticked in form.boxes] == [f"Mill {number:03}" for number in found]
    assert (form.unseen_ticks, form.more) == (ticked, 387)
    shown = send(cast.manager, "cover_create", cast.rep.pk, {**said, "find": ""})
    assert [row[1:] for row in shown.context["form"].boxes][:4] == [
        ("Mill 005", True), ("Mill 300", True), ("Mill 301", True), ("Mill 000", False),
    ]  # fmt: skip
    assert max(len(looked.content), len(shown.content)) < 60_000

    del said["search"]
    assert send(cast.manager, "cover_create", cast.rep.pk, said).status_code == 302
    assert sorted(Cover.objects.get().customers.values_list("customer", flat=True)) == sorted(ticked)


@pytest.mark.parametrize("page", ["cover_create", "person_hand_over"])
def test_of_a_colleague_in_two_teams_only_the_seat_within_reach_is_offered(send, cast, page):
    elsewhere = factories.membership(cast.mate_membership.user, cast.leeds)
    text = send(cast.manager, page, cast.rep.pk).content.decode()
    assert f'<option value="{cast.mate_membership.pk}"' in text
    assert f'<option value="{elsewhere.pk}"' not in text


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"ends_on": "2026-06-08"}, "ends_on"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"membership": ""}, "membership"),
        ({"covers_all": ""}, "customers"),
        ({"ends_on": "2026-06-13"}, "ends_on"),
    ],
)
def test_what_is_wrong_with_a_cover_is_said_at_its_field(send, cast, changes, name):
    factories.absence(cast.rep, TODAY, TODAY + dt.timedelta(days=3))
    response = send(cast.manager, "cover_create", cast.rep.pk, covering(cast, **changes))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [name])


def test_foreign_and_unknown_ids_of_a_cover_answer_alike(send, cast):
    factories.absence(cast.rep, TODAY, TODAY + dt.timedelta(days=3))
    for name, foreign in (("membership", cast.other_rep_membership.pk), ("customers", cast.foreign.pk)):
        found = []
        for pk in (foreign, UNKNOWN):
            response = send(cast.manager, "cover_create", cast.rep.pk, covering(cast, covers_all="", **{name: pk}))
            found.append((response.status_code, str(response.context["form"].errors).replace(f" {pk} ", " it ")))
        assert found[0] == found[1]
        assert found[0][0] == 422


@pytest.mark.parametrize("name", ["cover_create", "person_hand_over"])
def test_foreign_and_unknown_people_answer_alike(send, cast, name):
    for data in (None, {}):
        codes = [send(cast.manager, name, pk, data).status_code for pk in (cast.other_rep.pk, UNKNOWN)]
        assert codes == [404, 404]


def test_a_hand_over_sent_twice_is_one(send, cast):
    said = handing(cast)
    for _time in range(2):
        assert send(cast.manager, "person_hand_over", cast.rep.pk, said).status_code == 302
    assert owner_of(cast.own) == "Mate"
    assert Assignment.objects.filter(customer=cast.own, membership=cast.mate_membership).count() == 1


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"to": ""}, "to"),
        ({"on": "2026-06-08"}, "on"),
        ({"on": "soon"}, "on"),
        ({"rows": []}, "__all__"),
    ],
)
def test_what_is_wrong_with_a_hand_over_is_said_at_its_field(send, cast, changes, name):
    response = send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, **changes))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [name])
    assert owner_of(cast.own) == "Rep"


def test_a_foreign_and_an_unknown_receiver_answer_alike(send, cast):
    said = [
        send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, to=pk))
        for pk in (cast.other_rep_membership.pk, UNKNOWN)
    ]
    assert [(row.status_code, dict(row.context["form"].errors)) for row in said] == [
        (422, {"to": ["Select a valid choice. That choice is not one of the available choices."]})
    ] * 2


def test_foreign_unknown_and_garbled_rows_are_a_conflict_alike(send, cast):
    foreign = Assignment.objects.get(customer=cast.foreign)
    for key in (f"{foreign.pk}:{foreign.version}", f"{UNKNOWN}:1", "x"):
        response = send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, rows=key))
        assert response.status_code == 409
        assert "Foreign customer" not in response.content.decode()


def owned_by_rep(cast, *names):
    """Customers of the rep, as the page's boxes name them."""
    rows = [factories.customer(name, owner=cast.rep_membership).assignments.get() for name in names]
    return [(row, f"{row.pk}:{row.version}") for row in rows]


def test_after_a_change_what_was_ticked_stays_and_stands_beside_what_is_there_now(send, cast):
    """One was ended, one became supporting, one went to somebody else, one was not ticked, one is as it was."""
    cast.mate_membership.profile = "lead"
    cast.mate_membership.save()
    (ended, a), (supporting, b), (gone, c), (unticked, _d), (same, e) = owned_by_rep(cast, *"ABCDE")
    Assignment.objects.filter(pk=ended.pk).update(version=2, ends_on="2026-07-31")
    Assignment.objects.filter(pk=supporting.pk).update(version=2, kind="support")
    Assignment.objects.filter(pk=gone.pk).update(version=2, ends_on="2026-06-01")
    factories.assign(gone.customer, cast.other_rep_membership, starts_on=dt.date(2026, 6, 2))
    response = send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, rows=[a, b, c, e]))
    assert response.status_code == 409
    assert owner_of(same.customer) == "Rep"
    preview = response.context["preview"]
    shown = {
        row.move.customer.name: (row.ticked, row.since and (row.since.was, row.since.now)) for row in preview.going
    }
    assert shown == {
        "A": (True, ("lead", "lead, until 31 Jul")),
        "B": (True, ("lead", "support")),
        "D": (False, None),
        "E": (True, None),
        "Own customer": (False, None),
    }
    assert [row.move.customer.name for row in preview.going][:2] == ["A", "B"]
    assert [(row.customer, row.was, row.now) for row in preview.gone] == [("C", "lead", "lead Other rep")]
    text = response.content.decode()
    assert "Something changed meanwhile." in text
    assert "you ticked lead; now it is support" in text
    again = [row.move.key for row in preview.going if row.ticked]
    assert send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, rows=again)).status_code == 302
    assert [owner_of(row.customer) for row in (ended, same, unticked)] == ["Mate", "Mate", "Rep"]


def test_a_receiver_whose_preview_was_not_seen_gets_a_preview(send, cast):
    response = send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, seen=""))
    assert response.status_code == 200
    assert owner_of(cast.own) == "Rep"


def test_what_is_left_on_other_customers_is_named_and_goes_along(send, cast):
    planned = factories.planned_touch(cast.team_mates, cast.rep, TODAY)
    text = send(cast.manager, "person_hand_over", cast.rep.pk).content.decode()
    assert "On other customers" in text
    assert "to Mate" in text
    said = handing(cast, rows=[], others="on")
    assert send(cast.manager, "person_hand_over", cast.rep.pk, said).status_code == 302
    planned.refresh_from_db()
    assert (planned.assignee, owner_of(cast.own)) == (cast.mate, "Rep")


def test_who_leaves_hands_over_and_is_shut_out_in_one(send, cast):
    said = handing(cast, last_day="2026-06-08")
    assert send(cast.admin, "person_deactivate", cast.rep.pk, said).status_code == 302
    cast.rep.refresh_from_db()
    assert (cast.rep.is_active, owner_of(cast.own)) == (False, "Mate")


@pytest.mark.parametrize("day", ["soon", "9999-12-31", "0001-01-01"])
def test_a_wrong_last_day_is_said_at_its_field_and_nobody_is_shut_out(send, cast, day):
    response = send(cast.admin, "person_deactivate", cast.rep.pk, handing(cast, last_day=day))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["last_day"])
    cast.rep.refresh_from_db()
    assert cast.rep.is_active


def test_who_leaves_stays_where_something_changed_meanwhile(send, cast):
    said = handing(cast)
    Assignment.objects.filter(customer=cast.own, membership=cast.rep_membership).update(version=7)
    assert send(cast.admin, "person_deactivate", cast.rep.pk, said).status_code == 409
    cast.rep.refresh_from_db()
    assert cast.rep.is_active


def looked_at(cast):
    look = handing(cast, act="look")
    return [
        (cast.manager, "person_hand_over", cast.rep.pk, None),
        (cast.manager, "person_hand_over", cast.rep.pk, look),
        (cast.admin, "person_deactivate", cast.rep.pk, None),
        (cast.admin, "person_deactivate", cast.rep.pk, look),
        (cast.manager, "cover_create", cast.rep.pk, None),
    ]


def test_statements_and_size_with_300_customers(cast):
    def asked():
        found = []
        for user, name, pk, data in looked_at(cast):
            client = client_of(user)
            with CaptureQueriesContext(connection) as queries:
                address = reverse(name, args=[pk])
                response = client.get(address) if data is None else client.post(address, data)
            assert response.status_code == 200
            found.append((len(queries), len(response.content)))
        return found

    few = asked()
    for number in range(300):
        factories.customer(f"Customer with a longer name {number}", owner=cast.rep_membership)
    many = asked()
    assert [statements for statements, _size in few] == [statements for statements, _size in many]
    assert max(statements for statements, _size in many) <= 12
    assert max(size for _statements, size in many) < 60_000


def test_those_not_drawn_one_by_one_go_by_one_box(send, cast):
    for number in range(130):
        factories.customer(f"Customer {number}", owner=cast.rep_membership)
    response = send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, act="look", seen=""))
    assert "and 11 more" in response.content.decode()
    boxes = response.context["preview"].rest_keys
    done = send(cast.manager, "person_hand_over", cast.rep.pk, handing(cast, rows=boxes))
    assert done.status_code == 302
    assert Assignment.objects.filter(membership=cast.mate_membership).count() == 12
