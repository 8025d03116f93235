"""Expenses on the screen: note one with its receipt, submit it, decide; lists, files, and who gets to see what."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers import extensions
from customers.models import Expense, Receipt
from territory import clock
from tests import factories
from tests.accounts.signing_in import client_of
from tests.factories import receipts as files

pytestmark = pytest.mark.django_db


def typed(user, /, **changes):
    return {
        "uuid": str(uuid.uuid4()),
        "amount": "12.50",
        "kind": "travel",
        "spent_on": clock.today(user).isoformat(),
        **changes,
    }


def upload(content=files.JPEG, name="IMG_0001.jpg", kind="image/jpeg"):
    return SimpleUploadedFile(name, content, kind)


def post(user, data, name="expense_create", *args):
    return client_of(user).post(reverse(name, args=args), data)


def text_of(response):
    return response.content.decode()


class TestNote:
    def test_a_photo_from_the_phone_submitted(self, cast):
        sent = typed(cast.rep, customer=cast.own.pk, note="Train", photo=upload(), submit_now="1")
        response = post(cast.rep, sent)
        row = Expense.objects.get()
        assert (response.status_code, response.url) == (302, reverse("expense_list"))
        assert (row.author, row.customer, row.status, row.amount) == (cast.rep, cast.own, "submitted", Decimal("12.50"))
        assert row.receipt_type == "image/jpeg"
        assert b"Camera Inc" not in bytes(Receipt.objects.get().content)

    def test_for_an_order_and_for_a_team(self, cast):
        order = factories.order(cast.own)
        post(cast.rep, typed(cast.rep, customer=cast.own.pk, order=order.pk))
        post(cast.rep, typed(cast.rep, team=cast.exeter.pk, kind="overhead"))
        assert {(row.order, row.customer, row.team, row.status) for row in Expense.objects.all()} == {
            (order, None, None, "draft"),
            (None, None, cast.exeter, "draft"),
        }

    def test_sent_twice_it_is_one(self, cast):
        sent = typed(cast.rep, customer=cast.own.pk)
        assert [post(cast.rep, sent).status_code for _ in range(2)] == [302, 302]
        assert Expense.objects.count() == 1
        response = post(cast.rep, sent | {"amount": "13"})
        assert response.status_code == 422
        assert "saved before" in text_of(response)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount": ""},
            {"amount": "0"},
            {"amount": "-3"},
            {"amount": "1.005"},
            {"amount": "NaN"},
            {"kind": "bribe"},
            {"spent_on": "2099-01-01"},
            {"customer": ""},
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_stored(self, cast, wrong):
        response = post(cast.rep, typed(cast.rep, customer=cast.own.pk) | wrong)
        assert response.status_code == 422
        assert not Expense.objects.exists()

    def test_not_for_a_customer_and_a_team_at_once(self, cast):
        response = post(cast.rep, typed(cast.rep, customer=cast.own.pk, team=cast.exeter.pk))
        assert response.status_code == 422

    def test_only_where_one_sees_expenses_in_a_role_that_notes_some(self, cast):
        for person, customer, status in (
            (cast.rep, cast.team_mates, 422),
            (cast.rep, cast.foreign, 422),
            (cast.technician, cast.own, 302),
            (cast.manager, cast.team_mates, 302),
            (cast.manager, cast.foreign, 422),
            (cast.admin, cast.foreign, 302),
        ):
            assert post(person, typed(person, customer=customer.pk)).status_code == status, (person, customer)
        assert post(cast.rep, typed(cast.rep, team=cast.leeds.pk)).status_code == 422
        assert post(cast.manager, typed(cast.manager, team=cast.exeter.pk)).status_code == 302
        assert post(cast.coordinator, typed(cast.coordinator, customer=cast.own.pk)).status_code == 403

    def test_kilometres_alone_are_worth_the_companys_rate(self, cast):
        factories.company(rate_per_km=Decimal("0.455"))
        assert post(cast.rep, typed(cast.rep, customer=cast.own.pk, km="41.5", amount="")).status_code == 302
        row = Expense.objects.get()
        assert (row.km, row.amount) == (Decimal("41.5"), Decimal("18.88"))
        assert post(cast.rep, typed(cast.rep, customer=cast.own.pk, km="5", kind="demo")).status_code == 422

    def test_the_address_says_for_what(self, cast):
        order = factories.order(cast.own)
        touch = factories.touch(cast.own, cast.rep, order=order)
        client = client_of(cast.rep)
        for query in (f"customer={cast.own.pk}", f"order={order.pk}", f"touch={touch.pk}"):
            assert cast.own.name in text_of(client.get(f"{reverse('expense_create')}?{query}"))
        for query in (f"customer={cast.foreign.pk}", "customer=x", "order=99999", "touch=99999"):
            assert client.get(f"{reverse('expense_create')}?{query}").status_code == 404


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("content", "name", "kind"),
        [
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "photo.jpg", "image/jpeg"),
            (b"<!doctype html><script>alert(1)</script>", "photo.jpg", "image/jpeg"),
            (b"\xff\xd8\xff<script>alert(1)</script>", "photo.jpg", "image/jpeg"),
            (b"MZ" + bytes(2000), "receipt.pdf", "application/pdf"),
            (files.png(60_000, 60_000), "bomb.png", "image/png"),
            (files.JPEG[:-40], "cut.jpg", "image/jpeg"),
        ],
    )
    @pytest.mark.parametrize("field", ["photo", "file"])
    def test_are_refused_whatever_they_are_called(self, cast, content, name, kind, field):
        sent = typed(cast.rep, customer=cast.own.pk) | {field: upload(content, name, kind)}
        response = post(cast.rep, sent)
        assert response.status_code == 422
        assert not Expense.objects.exists()

    def test_20_mb_are_refused_before_they_are_read(self, cast):
        scan = b"\xff\xda\0\2" + bytes(20 * 1024 * 1024)
        for large in (files.JPEG[:-2] + scan + files.JPEG[-2:], files.PDF[:20] + scan + files.PDF[20:]):
            response = post(cast.rep, typed(cast.rep, customer=cast.own.pk, file=upload(large, "r.pdf")))
            assert response.status_code == 413
        assert not Expense.objects.exists()

    def test_too_large_is_refused(self, cast, settings):
        settings.RECEIPT_MOST_MB = 1
        large = files.PDF[:20] + bytes(1024 * 1024) + files.PDF[20:]
        response = post(cast.rep, typed(cast.rep, customer=cast.own.pk, file=upload(large, "r.pdf")))
        assert response.status_code == 422
        assert "larger than 1 MB" in text_of(response)

    @pytest.mark.parametrize(
        ("content", "kind"), [(files.JPEG, "image/jpeg"), (files.png(), "image/png"), (files.WEBP, "image/webp")]
    )
    def test_a_page_hung_on_to_a_picture_is_not_stored(self, cast, content, kind):
        page = b"<html><script>alert(1)</script></html>"
        file = upload(content + page, "receipt.html", "text/html")
        assert post(cast.rep, typed(cast.rep, customer=cast.own.pk, file=file)).status_code == 302
        response = client_of(cast.rep).get(reverse("expense_receipt", args=[Expense.objects.get().pk]))
        assert b"script" not in response.content
        assert (response.headers["Content-Type"], response.headers["X-Content-Type-Options"]) == (kind, "nosniff")

    def test_the_name_is_never_used(self, cast):
        sent = typed(
            cast.rep, customer=cast.own.pk, file=upload(name='../../etc/"passwd\r\nX: y.html', kind="text/html")
        )
        assert post(cast.rep, sent).status_code == 302
        row = Expense.objects.get()
        response = client_of(cast.rep).get(reverse("expense_receipt", args=[row.pk]))
        assert response.headers["Content-Disposition"] == f'inline; filename="receipt-{row.pk}.jpg"'
        assert response.headers["Content-Type"] == "image/jpeg"

    def test_so_many_a_minute_and_no_more(self, cast, settings):
        settings.EXPENSES_A_MINUTE = 2
        answers = [post(cast.rep, typed(cast.rep, customer=cast.own.pk)).status_code for _ in range(3)]
        assert answers == [302, 302, 429]


class TestReceipt:
    @pytest.fixture
    def noted(self, cast):
        post(cast.rep, typed(cast.rep, customer=cast.own.pk, file=upload(), submit_now="1"))
        return Expense.objects.get()

    def test_who_sees_the_expense_sees_it_and_nobody_else(self, cast, noted):
        answers = {
            name: client_of(person).get(reverse("expense_receipt", args=[noted.pk])).status_code
            for name, person in cast.everyone().items()
            if person.is_active
        }
        assert answers == {
            "salesperson": 200,
            "team-mate": 404,
            "coordinator": 404,
            "technical support": 200,
            "manager": 200,
            "other team's manager": 404,
            "administrator": 200,
        }

    def test_nothing_in_it_runs(self, cast, noted):
        response = client_of(cast.rep).get(reverse("expense_receipt", args=[noted.pk]))
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert "no-store" in response.headers["Cache-Control"]

    @pytest.mark.parametrize(("content", "ending"), [(files.PDF, "pdf"), (files.heic(), "heic")])
    def test_what_is_no_picture_for_a_browser_is_a_file_to_save(self, cast, content, ending):
        post(cast.rep, typed(cast.rep, customer=cast.own.pk, file=upload(content)))
        row = Expense.objects.get()
        response = client_of(cast.rep).get(reverse("expense_receipt", args=[row.pk]))
        assert response.headers["Content-Disposition"] == f'attachment; filename="receipt-{row.pk}.{ending}"'

    def test_an_expense_without_one_has_none(self, cast):
        row = factories.expense(cast.rep, customer=cast.own)
        assert client_of(cast.rep).get(reverse("expense_receipt", args=[row.pk])).status_code == 404


class TestChange:
    def test_a_draft(self, cast):
        row = factories.expense(cast.rep, customer=cast.own)
        form = text_of(client_of(cast.rep).get(reverse("expense_edit", args=[row.pk])))
        assert 'name="version" value="1"' in form
        sent = typed(cast.rep, customer=cast.own.pk, amount="30", version=1, submit_now="1")
        assert post(cast.rep, sent, "expense_edit", row.pk).status_code == 302
        row.refresh_from_db()
        assert (row.amount, row.status) == (30, "submitted")

    def test_two_who_edit_are_shown_both_values(self, cast):
        row = factories.expense(cast.rep, 25, customer=cast.own)
        sent = typed(cast.rep, customer=cast.own.pk, version=1)
        assert post(cast.rep, sent | {"amount": "30"}, "expense_edit", row.pk).status_code == 302
        response = post(cast.rep, sent | {"amount": "40"}, "expense_edit", row.pk)
        assert response.status_code == 409
        assert "<td>40</td><td>30.00</td>" in text_of(response)

    def test_nobody_elses_and_nothing_submitted(self, cast):
        draft = factories.expense(cast.rep, customer=cast.own)
        waiting = factories.expense(cast.rep, status="submitted", customer=cast.own)
        sent = typed(cast.rep, customer=cast.own.pk, version=1)
        assert post(cast.manager, sent, "expense_edit", draft.pk).status_code == 403
        assert post(cast.mate, sent, "expense_edit", draft.pk).status_code == 404
        assert post(cast.rep, sent, "expense_edit", waiting.pk).status_code == 403
        for name in ("expense_submit", "expense_take_back", "expense_remove", "expense_restore"):
            assert post(cast.manager, {"version": 1}, name, draft.pk).status_code == 403
            assert post(cast.mate, {"version": 1}, name, draft.pk).status_code == 404

    def test_steps_by_buttons(self, cast):
        row = factories.expense(cast.rep, customer=cast.own)

        def press(name):
            row.refresh_from_db()
            assert post(cast.rep, {"version": row.version}, name, row.pk).status_code == 302
            row.refresh_from_db()
            return row.status, bool(row.archived_at)

        assert press("expense_submit") == ("submitted", False)
        assert press("expense_remove") == ("submitted", False)
        assert press("expense_take_back") == ("draft", False)
        assert press("expense_remove") == ("draft", True)
        assert press("expense_submit") == ("draft", True)
        assert press("expense_restore") == ("draft", False)

    def test_a_step_from_an_old_page_is_a_conflict(self, cast):
        row = factories.expense(cast.rep, customer=cast.own, version=4)
        response = post(cast.rep, {"version": 3}, "expense_submit", row.pk)
        assert response.status_code == 409


class TestDecide:
    @pytest.fixture
    def waiting(self, cast):
        return factories.expense(cast.rep, status="submitted", customer=cast.own)

    def test_approve(self, cast, waiting):
        response = post(cast.manager, {"version": 1, "status": "approved"}, "expense_decide", waiting.pk)
        waiting.refresh_from_db()
        assert (response.status_code, waiting.status, waiting.decided_by) == (302, "approved", cast.manager)

    def test_refuse_needs_a_reason(self, cast, waiting):
        response = post(cast.manager, {"version": 1, "status": "refused"}, "expense_decide", waiting.pk)
        assert response.status_code == 422
        assert "Say why" in text_of(response)
        sent = {"version": 1, "status": "refused", "reason": "No receipt"}
        assert post(cast.manager, sent, "expense_decide", waiting.pk).status_code == 302
        page = text_of(client_of(cast.rep).get(reverse("expense_detail", args=[waiting.pk])))
        assert "No receipt" in page
        assert "Take back and mend" in page

    @pytest.mark.parametrize("status", ["", "draft", "submitted", "nonsense"])
    def test_nothing_but_these_two(self, cast, waiting, status):
        response = post(cast.manager, {"version": 1, "status": status}, "expense_decide", waiting.pk)
        assert response.status_code == 422

    def test_who_decides_later_is_shown_what_was_decided(self, cast, waiting):
        post(cast.manager, {"version": 1, "status": "approved"}, "expense_decide", waiting.pk)
        sent = {"version": 1, "status": "refused", "reason": "No receipt"}
        response = post(cast.admin, sent, "expense_decide", waiting.pk)
        assert response.status_code == 409
        assert "<td>Refused</td><td>Approved</td>" in text_of(response)

    def test_never_ones_own_and_not_beyond_ones_reach(self, cast, waiting):
        own = factories.expense(cast.manager, status="submitted", customer=cast.own)
        sent = {"version": 1, "status": "approved"}
        assert post(cast.manager, sent, "expense_decide", own.pk).status_code == 403
        assert post(cast.other_manager, sent, "expense_decide", waiting.pk).status_code == 404
        assert post(cast.rep, sent, "expense_decide", waiting.pk).status_code == 403
        assert not Expense.objects.counting().exists()

    def test_several_at_once_but_what_changed_meanwhile_and_ones_own(self, cast, waiting):
        own = factories.expense(cast.manager, status="submitted", customer=cast.own)
        hidden = factories.expense(cast.other_rep, status="submitted", customer=cast.foreign)
        changed = factories.expense(cast.rep, status="submitted", customer=cast.own, version=2)
        chosen = [f"{row.pk}-1" for row in (waiting, own, hidden, changed)] + ["x", "5-", "-", "9" * 30 + "-1"]
        client = client_of(cast.manager)
        response = client.post(reverse("expenses_approve"), {"expense": chosen}, follow=True)
        assert list(Expense.objects.counting()) == [waiting]
        page = text_of(response)
        assert "1 expense approved" in page
        assert "3 were changed or decided" in page
        assert "Choose what you approve" in text_of(client.post(reverse("expenses_approve"), follow=True))


class TestList:
    def test_views_and_sums(self, cast):
        factories.expense(cast.rep, 10, customer=cast.own)
        factories.expense(cast.rep, "20.10", "submitted", customer=cast.own)
        factories.expense(cast.rep, "0.30", "submitted", order=factories.order(cast.own))
        factories.expense(cast.manager, 40, "approved", team=cast.exeter)
        factories.expense(cast.other_rep, 80, "submitted", customer=cast.foreign)
        mine = text_of(client_of(cast.rep).get(reverse("expense_list")))
        assert "£20.40" in mine
        assert "To approve" not in mine
        waiting = client_of(cast.manager).get(f"{reverse('expense_list')}?view=waiting")
        assert [row.amount for row in waiting.context["page"]] == [Decimal("20.10"), Decimal("0.30")]
        everything = client_of(cast.admin).get(f"{reverse('expense_list')}?view=all")
        assert len(everything.context["page"].object_list) == 5

    def test_who_has_none_of_their_own_lands_on_those_that_wait_for_them(self, cast):
        def view_of(person, query=""):
            return client_of(person).get(reverse("expense_list") + query).context["listing"].view

        assert view_of(cast.manager) == "mine"
        factories.expense(cast.rep, 20, "submitted", customer=cast.own)
        assert (view_of(cast.manager), view_of(cast.manager, "?view=mine")) == ("waiting", "mine")
        assert view_of(cast.rep) == "mine"
        factories.expense(cast.manager, 40, team=cast.exeter)
        assert view_of(cast.manager) == "mine"

    def test_ones_own_drafts_come_first(self, cast):
        for status in ("approved", "submitted", "draft", "refused"):
            factories.expense(cast.rep, status=status, customer=cast.own)
        rows = client_of(cast.rep).get(reverse("expense_list")).context["page"]
        assert [row.status for row in rows] == ["refused", "draft", "submitted", "approved"]

    def test_filters_and_nonsense_in_the_address(self, cast):
        kept = factories.expense(cast.rep, kind="demo", customer=cast.own, spent_on=dt.date(2026, 3, 1))
        factories.expense(cast.rep, customer=cast.own)
        client = client_of(cast.rep)
        rows = client.get(f"{reverse('expense_list')}?kind=demo&since=2026-02-01&until=2026-04-01").context["page"]
        assert list(rows) == [kept]
        for query in ("kind=x&status=y&since=z", "view=waiting", "view=%00", "page=999", "person=1"):
            assert client.get(f"{reverse('expense_list')}?{query}").status_code == 200

    def test_the_file_holds_what_the_list_shows_within_reach(self, cast):
        factories.expense(cast.rep, "12.50", "approved", customer=cast.own, note="=HYPERLINK(1)")
        factories.expense(cast.other_rep, 80, customer=cast.foreign)
        factories.expense(cast.technician, 7, customer=cast.own)

        def lines(person, view="all"):
            response = client_of(person).get(f"{reverse('expense_export')}?view={view}")
            return response.getvalue().decode("utf-8-sig").splitlines()[1:]

        assert len(lines(cast.rep)) == 2
        assert len(lines(cast.rep, "mine")) == 1
        assert "'=HYPERLINK(1)" in lines(cast.rep, "mine")[0]
        assert len(lines(cast.admin)) == 3
        assert client_of(cast.technician).get(reverse("expense_export")).status_code == 403
        assert client_of(cast.coordinator).get(reverse("expense_export")).status_code == 403

    @pytest.mark.parametrize("view", ["mine", "waiting", "all"])
    def test_queries_do_not_grow_with_rows(self, cast, view):
        person = cast.manager
        client = client_of(person)

        def ask():
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"{reverse('expense_list')}?view={view}").status_code == 200
            return len(queries)

        def add():
            author = person if view == "mine" else factories.person()
            order = factories.order(factories.customer(team=cast.exeter))
            for about in ({"customer": cast.own}, {"order": order}, {"team": cast.exeter}):
                factories.expense(author, status="submitted", **about)

        add()
        ask()
        few = ask()
        for _ in range(6):
            add()
        assert ask() == few <= 12


class TestWays:
    """Mileage: what the company pays for a kilometre times the way there and back, noted in one tap."""

    @pytest.fixture
    def touch(self, cast):
        factories.company(rate_per_km=Decimal("0.30"))
        cast.rep.base_latitude, cast.rep.base_longitude = 50.72, -3.53
        cast.rep.save()
        cast.own.latitude, cast.own.longitude = 51.45, -2.59
        cast.own.save()
        return factories.touch(cast.own, cast.rep, minutes=60, travel=120)

    def test_is_proposed_on_the_list_and_on_the_touch_until_it_is_noted(self, cast, touch):
        client = client_of(cast.rep)
        for url in (reverse("expense_list"), reverse("touch_detail", args=[touch.pk])):
            assert "Note £" in text_of(client.get(url)), url
        sent = {"touch": touch.pk, "uuid": str(uuid.uuid4())}
        assert post(cast.rep, sent, "expense_way").status_code == 302
        row = Expense.objects.get()
        km = extensions.way_km(cast.rep, [cast.own])[cast.own.pk]
        assert row.km == Decimal(str(km)).quantize(Decimal("0.1"))
        assert (row.amount, row.touch, row.kind, row.status) == (row.km * Decimal("0.3"), touch, "travel", "draft")
        assert 270 < row.km < 280
        for sent_again in (sent, sent | {"uuid": str(uuid.uuid4())}):
            assert post(cast.rep, sent_again, "expense_way").status_code == 302
        assert Expense.objects.count() == 1
        assert "Note £" not in text_of(client.get(reverse("expense_list")))

    @pytest.mark.parametrize("missing", ["rate", "base", "place", "travel", "reach"])
    def test_nothing_is_proposed_where_something_is_missing(self, cast, touch, missing):
        if missing == "rate":
            factories.company(rate_per_km=None)
        elif missing == "base":
            cast.rep.base_latitude = cast.rep.base_longitude = None
            cast.rep.save()
        elif missing == "place":
            cast.own.latitude = cast.own.longitude = None
            cast.own.save()
        elif missing == "travel":
            touch.people.update(travel_seconds=0)
        else:
            cast.own.assignments.all().delete()
        assert "Note £" not in text_of(client_of(cast.rep).get(reverse("expense_list")))
        post(cast.rep, {"touch": touch.pk, "uuid": str(uuid.uuid4())}, "expense_way")
        assert not Expense.objects.exists()

    def test_touches_where_nobody_knows_the_place_hide_no_other(self, cast, touch):
        elsewhere = factories.customer("Nowhere", owner=cast.rep_membership)
        for _ in range(6):
            factories.touch(elsewhere, cast.rep, minutes=60, travel=120)

        assert "Note £" in text_of(client_of(cast.rep).get(reverse("expense_list")))

    def test_never_of_another_persons_way_or_an_unseen_touch(self, cast, touch):
        sent = {"touch": touch.pk, "uuid": str(uuid.uuid4())}
        assert post(cast.manager, sent, "expense_way").status_code == 302
        assert post(cast.mate, sent, "expense_way").status_code == 404
        assert post(cast.coordinator, sent, "expense_way").status_code == 403
        for wrong in ({"touch": "x"}, {"uuid": "x"}):
            assert post(cast.rep, sent | wrong, "expense_way").status_code == 400
        assert not Expense.objects.exists()

    def test_the_list_asks_once_for_all_ways(self, cast, touch):
        client = client_of(cast.rep)

        def ask():
            with CaptureQueriesContext(connection) as queries:
                assert "Note £" in text_of(client.get(reverse("expense_list")))
            return len(queries)

        ask()
        few = ask()
        for _ in range(5):
            factories.touch(cast.own, cast.rep, minutes=60, travel=120)
        assert ask() == few <= 12


class TestWhereItShows:
    def test_in_the_streams_of_customer_and_order_to_who_may_see_it(self, cast):
        order = factories.order(cast.own)
        factories.expense(cast.rep, "33.10", "submitted", order=order, note="Sample case")
        for url in (reverse("customer_detail", args=[cast.own.pk]), reverse("order_detail", args=[order.pk])):
            page = text_of(client_of(cast.manager).get(url))
            assert "£33.10" in page
            assert "Sample case" in page
            assert "Note an expense" in page
            page = text_of(client_of(cast.coordinator).get(url))
            assert "£33.10" not in page
            assert "Note an expense" not in page

    def test_the_page_of_an_expense_names_what_one_sees_no_longer_without_a_link(self, cast):
        row = factories.expense(cast.rep, customer=cast.own)
        cast.own.assignments.all().delete()
        page = text_of(client_of(cast.rep).get(reverse("expense_detail", args=[row.pk])))
        assert cast.own.name in page
        assert reverse("customer_detail", args=[cast.own.pk]) not in page
