"""Involvement: what the night keeps of the log, the page, the customer's page, my role, the report."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Assignment, Order
from planning.actions.involvement import compute_involvement
from planning.actions.runs import run_involvement
from planning.actions.sales import compute_sales
from planning.models import CustomerInvolvement, InvolvementFinding, InvolvementRun
from planning.queries.involvement import bands, findings_seen, misfits
from planning.queries.my_role import my_role
from planning.reports import Asked, find
from territory.jobs.models import JobState
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def ago(days: int) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def sole(customer) -> Assignment:
    """The owner's assignment, as sole contact."""
    row = customer.assignments.get(kind="lead")
    row.kind = "sole"
    row.save()
    return row


@pytest.fixture
def touched(cast):
    """The rep is sole contact of a customer that the technician and the manager touched, too."""
    assignment = sole(cast.own)
    factories.touch(cast.own, cast.rep, ago(3), minutes=30)
    factories.touch(cast.own, cast.technician, ago(4), minutes=10)
    factories.touch(cast.own, cast.manager, ago(5), minutes=20)
    factories.internal_work(cast.manager, cast.own, minutes=60, spent_on=TODAY)
    compute_involvement(now=NOW)
    return assignment


def said(user, **asked):
    return [row.what for row in misfits(findings_seen(user, **asked))]


class TestWhatIsKept:
    def test_time_by_function_people_and_owner(self, cast, touched):
        row = CustomerInvolvement.objects.get(customer=cast.own)
        assert (row.owner, row.held, row.touches, row.people) == (cast.rep, "sole", 3, 3)
        assert (row.sales_seconds, row.technical_seconds, row.management_seconds) == (1800, 600, 4800)
        assert (row.seconds, row.owner_seconds, row.others_seconds) == (7200, 1800, 0)

    def test_what_does_not_fit_in_words(self, cast, touched):
        (row,) = misfits(findings_seen(cast.manager))
        assert (row.held, row.customer) == ("Sole contact: Rep", cast.own)
        assert row.what == (
            "2 others touched this sole customer in 90 days: Manager, Technician, with 50\N{NO-BREAK SPACE}% of the touch minutes"
        )

    def test_it_is_gone_as_soon_as_the_assignment_is_another(self, cast, touched):
        touched.kind = "lead"
        touched.save()
        assert said(cast.manager) == []

    @pytest.mark.parametrize("days", [89, 90])
    def test_only_the_last_90_days(self, cast, days):
        sole(cast.own)
        factories.touch(cast.own, cast.technician, ago(days))
        compute_involvement(now=NOW)
        assert InvolvementFinding.objects.exists() is (days == 89)

    def test_archived_and_future_touches_and_customers_do_not_count(self, cast):
        sole(cast.own)
        factories.touch(cast.own, cast.technician, ago(2), archived_at=NOW)
        factories.touch(cast.own, cast.technician, NOW + dt.timedelta(hours=1))
        compute_involvement(now=NOW)
        assert not CustomerInvolvement.objects.exists()

    def test_who_stands_in_does_the_work_of_who_is_away(self, cast):
        sole(cast.own)
        factories.cover(cast.rep, cast.mate_membership, TODAY - dt.timedelta(days=5), TODAY)
        factories.touch(cast.own, cast.mate, ago(2))
        compute_involvement(now=NOW)
        assert not InvolvementFinding.objects.exists()
        factories.touch(cast.own, cast.mate, ago(8))
        compute_involvement(now=NOW)
        assert said(cast.manager)[0].startswith("1 other touched")

    def test_an_outreach_to_many_is_no_contact(self, cast):
        sole(cast.own)
        factories.touch(cast.own, cast.technician, ago(2), outreach="11111111-2222-4333-8444-555555555555")
        compute_involvement(now=NOW)
        assert not InvolvementFinding.objects.exists()

    def test_a_run_takes_the_place_of_the_one_before(self, cast, touched):
        compute_involvement(now=NOW + dt.timedelta(days=1))
        assert InvolvementRun.objects.get().on == TODAY + dt.timedelta(days=1)
        assert InvolvementFinding.objects.count() == 1

    def test_the_job_runs_once_a_day(self, cast):
        assert run_involvement(now=NOW).state == JobState.DONE
        assert run_involvement(now=NOW) is None


class TestThePage:
    def test_a_manager_reads_whether_anybody_is_sole_who_should_not_be(self, cast, touched):
        page = client_of(cast.manager).get(reverse("involvement"))
        text = page.content.decode()
        assert "Of the customers with a sole contact (1) others touched 1 in 90 days." in text
        assert "2 others touched this sole customer" in text
        assert reverse("assignment_edit", args=[touched.pk]) in text

    def test_nobody_is(self, cast):
        sole(cast.own)
        factories.touch(cast.own, cast.rep, ago(3))
        compute_involvement(now=NOW)
        text = client_of(cast.manager).get(reverse("involvement")).content.decode()
        assert "Of the customers with a sole contact (1) others touched none in 90 days." in text
        assert "Everybody is what they are held to be." in text

    def test_it_is_not_computed_yet(self, cast):
        assert "Not computed yet." in client_of(cast.manager).get(reverse("involvement")).content.decode()

    @pytest.mark.parametrize(
        ("who", "status"),
        [("rep", 403), ("technician", 403), ("manager", 200), ("other_manager", 200), ("admin", 200)],
    )
    def test_it_is_for_who_leads(self, cast, touched, who, status):
        for query in ("", "?all=1", "?by=order", "?by=person"):
            assert client_of(getattr(cast, who)).get(reverse("involvement") + query).status_code == status

    def test_only_of_customers_within_reach(self, cast, touched):
        client = client_of(cast.other_manager)
        for query in ("", "?by=customer&all=1", "?by=person"):
            text = client.get(reverse("involvement") + query).content.decode()
            assert "Own customer" not in text
            assert "Technician" not in text

    def test_every_customer_with_managers_share(self, cast, touched):
        (row,) = client_of(cast.manager).get(reverse("involvement") + "?all=1").context["page"]
        assert (row.customer, row.managers) == (cast.own, pytest.approx(2 / 3))

    def test_people_by_name_as_what_on_how_many(self, cast, touched):
        factories.assign(cast.team_mates, cast.rep_membership, "support")
        lines = {
            line.name: line
            for line in client_of(cast.manager).get(reverse("involvement") + "?by=person").context["lines"]
        }
        rep = lines["Rep"]
        assert list(lines) == sorted(lines)
        assert (rep.sole, rep.lead, rep.support, rep.misfits, rep.profiles) == (1, 0, 1, 1, "sole contact")
        assert (rep.own, rep.managers, rep.seniors) == (pytest.approx(0.25), pytest.approx(2 / 3), 0)

    @pytest.mark.parametrize("query", ["", "?all=1", "?by=order", "?by=person"])
    def test_queries_do_not_grow_with_rows(self, cast, touched, query, django_assert_num_queries):
        factories.order(cast.own, 100, salesperson=cast.rep, opened_at=ago(9))
        compute_sales(now=NOW)
        client, url = client_of(cast.manager), reverse("involvement") + query
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        for number in range(5):
            seat = factories.membership(factories.person(f"Person {number}"), cast.exeter, "Salesperson")
            customer = factories.customer(f"Customer {number}", owner=seat)
            sole(customer)
            for person in (cast.rep, cast.technician, cast.manager, seat.user):
                factories.touch(customer, person, ago(3))
            factories.order(customer, 100, salesperson=seat.user, opened_at=ago(9))
        compute_involvement(now=NOW)
        compute_sales(now=NOW)
        with django_assert_num_queries(len(seen)):
            assert "Customer 4" in client.get(url).content.decode() or query == "?by=person"


class TestHowOrdersEnded:
    def test_by_bands_of_managers_share(self, cast):
        factories.sale_types()
        for number in range(6):
            customer = factories.customer(f"Sold {number}", owner=cast.rep_membership)
            opened, closed = ago(60), ago(50 - number)
            status = "won" if number < 4 else "lost"
            factories.order(customer, 100, status, closed, cast.rep, opened_at=opened)
            factories.touch(customer, cast.rep, ago(55), minutes=60)
            if number in (3, 5):
                factories.touch(customer, cast.manager, ago(54), minutes=30)
        compute_sales(now=NOW)
        found = bands(cast.manager)
        assert [(band.ended, band.won, band.days) for band in found.managers] == [
            (4, 3, 11.0), (0, 0, None), (0, 0, None), (2, 1, 13.0), (0, 0, None),
        ]  # fmt: skip
        assert (found.seniors[0].ended, found.seniors[0].won, found.seniors[0].days) == (6, 4, 11.5)
        assert found.managers[0].won_share is None  # too few
        assert found.seniors[0].won_share == pytest.approx(4 / 6)
        assert bands(cast.other_manager).ended == 0
        text = client_of(cast.manager).get(reverse("involvement") + "?by=order").content.decode()
        assert "Hard sales draw managers in" in text

    def test_pending_ones_with_who_took_part(self, cast):
        factories.order(cast.own, 100, salesperson=cast.rep, opened_at=ago(9), title="Ovens")
        factories.touch(cast.own, cast.rep, ago(5), minutes=30)
        factories.touch(cast.own, cast.manager, ago(5), minutes=10)
        compute_sales(now=NOW)
        compute_involvement(now=NOW)
        (row,) = client_of(cast.manager).get(reverse("involvement") + "?by=order").context["page"]
        assert (row.people, row.managers, row.seniors) == (2, pytest.approx(0.25), 0)
        Order.objects.update(status="won", closed_at=NOW)  # since last night
        assert not client_of(cast.manager).get(reverse("involvement") + "?by=order").context["page"].object_list


class TestOnOtherPages:
    def test_on_the_customers_page_for_who_sees_its_touches(self, cast, touched):
        url = reverse("customer_detail", args=[cast.own.pk])
        assert "2 others touched this sole customer" in client_of(cast.rep).get(url).content.decode()
        role = cast.technician_membership.role
        role.access = {**role.access, "touches": {"see": "none"}}
        role.save()
        assert "others touched" not in client_of(cast.technician).get(url).content.decode()

    def test_a_persons_own_part(self, cast, touched):
        factories.assign(cast.team_mates, cast.rep_membership, "support")
        own = my_role(cast.rep)
        assert (own.held, own.touched, own.misfits) == ([("sole contact", 1), ("support", 1)], 1, 0)
        assert (own.manager_share, own.senior_share) == (pytest.approx(1 / 3), 0)
        text = client_of(cast.rep).get(reverse("today")).content.decode()
        assert "You work on 2 customers: sole contact on 1, support on 1." in text
        assert "Others touched 1 of those of whom you are the sole contact." in text


class TestTheReport:
    def rows(self, by="customer", reader=None, **asked):
        rows, _computed = find("involvement").rows(Asked(TODAY, NOW, by=by, reader=reader, **asked))
        return rows

    def test_by_customer(self, cast, touched):
        (row,) = self.rows()
        assert row["customer"] == "Own customer"
        assert (row["sales_minutes"], row["technical_minutes"], row["management_minutes"]) == (
            "30.00",
            "10.00",
            "80.00",
        )
        assert (row["minutes"], row["people"], row["managers_share"]) == ("120.00", 3, "0.666667")
        assert (row["senior_managers_share"], row["held"], row["happened"]) == ("0.000000", "sole", "sole_touched")

    def test_by_person(self, cast, touched):
        row = next(row for row in self.rows("person") if row["person"] == "Rep")
        assert (row["minutes"], row["people"]) == ("120.00", 3)
        assert (row["held"], row["happened"]) == ("sole", "sole_touched")

    def test_by_order(self, cast):
        factories.sale_types()
        factories.order(cast.own, 100, "won", ago(2), cast.rep, opened_at=ago(9), title="Ovens")
        factories.touch(cast.own, cast.rep, ago(5), minutes=30)
        factories.touch(cast.own, cast.manager, ago(5), minutes=10)
        (row,) = self.rows("order")
        assert (row["order"], row["happened"], row["days"], row["people"]) == ("Ovens", "won", 7, 2)
        assert (row["sales_minutes"], row["management_minutes"], row["managers_share"]) == (
            "30.00",
            "10.00",
            "0.250000",
        )
        (earlier,) = self.rows("order", as_of=ago(4).date())
        assert (earlier["happened"], earlier["days"]) == ("pending", None)

    def test_as_of_a_day_what_is_later_is_left_out(self, cast, touched):
        (row,) = self.rows(as_of=ago(5).date())
        assert (row["minutes"], row["people"], row["happened"]) == ("20.00", 1, "sole_touched")
        assert self.rows(as_of=ago(30).date()) == []

    def test_a_window(self, cast, touched):
        (row,) = self.rows(starts_on=ago(3).date())
        assert (row["sales_minutes"], row["technical_minutes"], row["happened"]) == ("30.00", "0.00", None)

    @pytest.mark.parametrize("by", ["customer", "order", "person"])
    def test_only_what_the_reader_may_see_and_export(self, cast, touched, by):
        factories.order(cast.own, 100, salesperson=cast.rep, opened_at=ago(9), title="Ovens")
        assert {row[by] for row in self.rows(by, cast.manager)} == (
            {"Mate", "Rep"} if by == "person" else {"Own customer" if by == "customer" else "Ovens"}
        )
        assert {row[by] for row in self.rows(by, cast.other_manager)} == ({"Other rep"} if by == "person" else set())
