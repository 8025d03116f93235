"""The directory: four facts of the customers of others, and a touch logged from a card; nothing else is told, anywhere."""

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse

from accounts.models import Role
from customers.models import Customer, Touch
from customers.queries.directory import card_keys
from customers.queries.listing import PER_PAGE
from tests import factories
from tests.accounts.signing_in import client_of
from tests.two_teams import NOBODY, body

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
SECRETS = (
    "SECRET-NOTE", "EX-4711", "Hidden Street", "01392 555123", "hidden.example", "EX4 3PL", "Secret contact", "Secret order",
    "Secret touch note", "77,777", "77777", "Tier A",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def hidden(cast):
    """The mate's customer, to whom the rep has a card: with something to find out in every field."""
    row = cast.team_mates
    for name, value in {
        "name": "Mårten Bakery",
        "town": "Exmouth",
        "note": "SECRET-NOTE",
        "external_id": "EX-4711",
        "address": "Hidden Street",
        "phone": "01392 555123",
        "web": "https://hidden.example",
        "postcode": "EX4 3PL",
        "tier": factories.tiers()["A"],
        "yearly_value": 77_777,
    }.items():
        setattr(row, name, value)
    row.save()
    factories.contact(row, "Secret contact", role=factories.contact_role())
    factories.order(row, 77_777, title="Secret order", salesperson=cast.mate)
    factories.touch(row, cast.mate, note="Secret touch note", at=NOW - dt.timedelta(days=3))
    return row


@pytest.fixture
def rep(cast):
    return client_of(cast.rep)


def url(name, pk):
    return reverse(name, args=[pk])


def words(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def told(response):
    return [secret for secret in SECRETS if secret in response.content.decode()]


def typed(**changes):
    return {
        "uuid": str(uuid.uuid4()),
        "type": factories.touch_type().pk,
        "at": "2026-06-09T09:30",
        "minutes": "10",
        "outcome": "neutral",
        "note": "They asked for Mate",
        **changes,
    }


def logged(rep, hidden, **changes):
    assert rep.post(url("directory_log", hidden.pk), typed(**changes)).status_code == 302
    return Touch.objects.get(note=changes.get("note", "They asked for Mate"))


class TestTheCard:
    def test_tells_four_facts(self, rep, hidden):
        response = rep.get(url("directory_card", hidden.pk))
        shown = words(response)
        assert [fact for fact in ("Mårten Bakery", "Exmouth", "Mate", "Voice call") if fact not in shown] == []
        card = response.context["card"]
        assert (card.last_at, card.last_type) == (NOW - dt.timedelta(days=3), "Voice call")
        assert told(response) == []

    def test_the_customers_own_address_stays_404(self, rep, hidden):
        for name in ("customer_detail", "customer_timeline", "customer_edit", "contact_create"):
            assert rep.get(url(name, hidden.pk)).status_code == 404

    @pytest.mark.parametrize("name", ["directory_card", "directory_log"])
    def test_ones_own_customer_has_none(self, rep, cast, name):
        assert rep.get(url(name, cast.own.pk)).status_code == 404

    @pytest.mark.parametrize("name", ["directory_card", "directory_log"])
    def test_another_teams_is_as_one_that_does_not_exist(self, rep, cast, hidden, name):
        foreign, nobody = rep.get(url(name, cast.foreign.pk)), rep.get(url(name, NOBODY))
        assert foreign.status_code == nobody.status_code == 404
        keys = cast.foreign.pk, NOBODY
        assert body(foreign, *keys) == body(nobody, *keys)

    def test_an_archived_customer_has_none(self, rep, hidden):
        Customer.objects.filter(pk=hidden.pk).update(archived_at=NOW)
        assert rep.get(url("directory_card", hidden.pk)).status_code == 404

    def test_nor_without_reach_over_the_directory(self, rep, hidden):
        role = Role.objects.get(name="Salesperson")
        del role.access["directory"]
        role.save()
        assert rep.get(reverse("directory_list")).status_code == 403
        assert rep.get(url("directory_card", hidden.pk)).status_code == 403
        assert "Mårten" not in words(rep.get(reverse("search"), {"q": "marten"}))

    def test_a_manager_has_those_of_all_teams(self, cast, hidden):
        names = {card.name for card in client_of(cast.manager).get(reverse("directory_list")).context["page"]}
        assert names == {"Foreign customer"}

    def test_who_sees_all_has_none(self, cast, hidden):
        assert card_keys(cast.admin) == []


class TestTheList:
    def test_shows_the_teams_other_customers(self, rep, hidden):
        response = rep.get(reverse("directory_list"))
        assert [(card.name, card.town, card.owner) for card in response.context["page"]] == [
            ("Mårten Bakery", "Exmouth", "Mate")
        ]
        assert told(response) == []

    @pytest.mark.parametrize("letters", ["marten", "BAKERY mårten", "exm", "bak exmouth"])
    def test_is_searched_by_name_and_town_folded(self, rep, hidden, letters):
        response = rep.get(reverse("directory_list"), {"q": letters})
        assert [card.name for card in response.context["page"]] == ["Mårten Bakery"]

    @pytest.mark.parametrize("letters", ["555123", "01392", "hidden.example", "EX-4711", "EX4 3PL", "marten 01392"])
    @pytest.mark.parametrize("page", ["directory_list", "search", "search_suggest"])
    def test_is_not_found_by_what_it_does_not_show(self, rep, hidden, letters, page):
        response = rep.get(reverse(page), {"q": letters})
        assert "Mårten" not in response.content.decode()

    def test_stands_beside_the_customers(self, rep, hidden, cast):
        assert reverse("directory_list") in rep.get(reverse("customer_list")).content.decode()
        assert reverse("directory_list") not in client_of(cast.admin).get(reverse("customer_list")).content.decode()

    def test_comes_in_pages(self, rep, cast):
        for n in range(60):
            factories.customer(f"Many {n:02}", owner=cast.mate_membership)
        page = rep.get(reverse("directory_list"), {"page": 2, "q": "many"}).context["page"]
        assert [card.name for card in page][:2] == [f"Many {PER_PAGE}", f"Many {PER_PAGE + 1}"]

    @pytest.mark.parametrize("page", ["directory_list", "search", "directory_card"])
    def test_asks_as_often_for_few_and_for_many(self, rep, cast, hidden, page, django_assert_max_num_queries):
        address = url(page, hidden.pk) if page == "directory_card" else f"{reverse(page)}?q=m"

        def asked():
            with django_assert_max_num_queries(14 if page == "search" else 12) as captured:
                assert rep.get(address).status_code == 200
            return len(captured)

        asked()
        few = asked()
        for n in range(8):
            customer = factories.customer(f"More customer {n}", owner=cast.mate_membership)
            factories.touch(customer, cast.mate)
        assert asked() <= few + (page == "search")


class TestSearch:
    @pytest.mark.parametrize("page", ["search", "search_suggest"])
    def test_has_a_group_of_its_own(self, rep, hidden, page):
        response = rep.get(reverse(page), {"q": "marten"})
        assert url("directory_card", hidden.pk) in response.content.decode()
        assert url("customer_detail", hidden.pk) not in response.content.decode()
        assert told(response) == []

    def test_a_choice_of_customers_offers_none(self, rep, hidden):
        assert "Mårten" not in rep.get(reverse("customer_options"), {"q": "marten"}).content.decode()


class TestLogging:
    def test_the_owner_sees_it_in_the_timeline(self, rep, cast, hidden):
        touch = logged(rep, hidden)
        assert (touch.logged_by, touch.customer, touch.duration_seconds) == (cast.rep, hidden, 600)
        assert [person.user for person in touch.people.all()] == [cast.rep]
        page = words(client_of(cast.mate).get(url("customer_detail", hidden.pk)))
        assert "They asked for Mate" in page

    def test_the_form_shows_nothing_of_the_customer(self, rep, hidden):
        response = rep.get(url("directory_log", hidden.pk))
        assert response.status_code == 200
        assert told(response) == []
        assert {"contacts", "order", "people", "next_type"} & set(response.context["form"].fields) == set()

    @pytest.mark.parametrize(
        "wrong", [{"minutes": ""}, {"type": NOBODY}, {"outcome": "no_answer"}, {"at": "2027-01-01T10:00"}]
    )
    def test_errors_show_nothing_and_keep_what_was_typed(self, rep, hidden, wrong):
        response = rep.post(url("directory_log", hidden.pk), typed(**wrong))
        assert response.status_code == 422
        assert "They asked for Mate" in response.content.decode()
        assert told(response) == []

    def test_what_the_form_does_not_have_is_not_taken(self, rep, cast, hidden):
        contact, order = hidden.contacts.get(), hidden.orders.get()
        touch = logged(
            rep, hidden, contacts=[contact.pk], order=order.pk, customer=cast.foreign.pk, people=[cast.mate.pk],
            next_type=factories.touch_type().pk, next_on="2026-06-20", planned=1,
        )  # fmt: skip
        assert (touch.customer, touch.order, touch.contacts.count()) == (hidden, None, 0)
        assert touch.planned_next.count() == 0

    def test_the_toast_names_the_customer_alone(self, rep, hidden):
        rep.post(url("directory_log", hidden.pk), typed())
        response = rep.get(url("directory_card", hidden.pk))
        assert "Voice call with Mårten Bakery logged" in response.content.decode()
        assert told(response) == []

    def test_sent_twice_it_is_one_touch(self, rep, hidden):
        same = typed()
        assert [rep.post(url("directory_log", hidden.pk), same).status_code for _ in range(2)] == [302, 302]
        assert Touch.objects.filter(note="They asked for Mate").count() == 1
        assert rep.post(url("directory_log", hidden.pk), same | {"note": "Another"}).status_code == 422

    @pytest.mark.parametrize("role", ["Salesperson"])
    def test_not_where_the_role_logs_nothing(self, rep, hidden, role):
        row = Role.objects.get(name=role)
        row.access["touches"] = {"see": "own"}
        row.save()
        assert rep.get(url("directory_log", hidden.pk)).status_code == 403
        assert rep.post(url("directory_log", hidden.pk), typed()).status_code == 403

    @pytest.mark.parametrize("target", ["foreign", "nobody"])
    def test_not_with_a_customer_without_card(self, rep, cast, hidden, target):
        pk = cast.foreign.pk if target == "foreign" else NOBODY
        assert rep.post(url("directory_log", pk), typed()).status_code == 404
        assert not Touch.objects.filter(note="They asked for Mate").exists()

    def test_the_usual_form_does_not_take_the_customer(self, rep, hidden):
        assert rep.get(reverse("log_touch"), {"customer": hidden.pk}).status_code == 404
        response = rep.post(reverse("log_touch"), typed(customer=hidden.pk))
        assert response.status_code == 422
        assert told(response) == []


class TestTheAuthor:
    def pages(self, rep, touch):
        return [rep.get(url(name, touch.pk)) for name in ("touch_detail", "touch_history", "touch_edit")]

    def test_sees_the_name_and_what_they_wrote(self, rep, hidden):
        touch = logged(rep, hidden)
        detail, history, edit = self.pages(rep, touch)
        assert "They asked for Mate" in detail.content.decode()
        assert "Mårten Bakery" in detail.content.decode()
        for response in (detail, history, edit):
            assert response.status_code == 200
            assert told(response) == []
        assert url("customer_detail", hidden.pk) not in detail.content.decode()

    def test_may_correct_it_for_seven_days(self, rep, hidden, time_machine):
        touch = logged(rep, hidden)
        page = rep.get(url("touch_edit", touch.pk)).context["form"]
        sent = {name: page[name].value() for name in ("type", "minutes", "outcome", "version")}
        people = [person.pk for person in page.offered_people if person == touch.logged_by]
        sent |= {"at": "2026-06-09T09:30", "people": people, "note": "They asked for the mate", "minutes": "12"}
        assert rep.post(url("touch_edit", touch.pk), sent).status_code == 302
        time_machine.move_to(NOW + dt.timedelta(days=8), tick=False)
        client = client_of(touch.logged_by)
        assert client.get(url("touch_edit", touch.pk)).status_code == 403
        assert "They asked for the mate" in client.get(url("touch_detail", touch.pk)).content.decode()

    def test_does_not_see_what_the_owner_made_of_it(self, rep, cast, hidden):
        touch = logged(rep, hidden)
        touch.contacts.add(hidden.contacts.get())
        touch.note, touch._history_user = "SECRET-NOTE", cast.mate
        touch.version += 1
        touch.save()
        detail, history, edit = self.pages(rep, touch)
        assert "They asked for Mate" in detail.content.decode()
        assert (detail.status_code, history.status_code, edit.status_code) == (200, 200, 403)
        assert [told(response) for response in (detail, history)] == [[], []]

    def test_meets_no_conflict_page_with_the_owners_words(self, rep, cast, hidden):
        touch = logged(rep, hidden)
        old = touch.version
        touch.note, touch._history_user, touch.version = "SECRET-NOTE", cast.mate, old + 1
        touch.save()
        sent = typed(version=old, people=[cast.rep.pk], note="Mine")
        response = rep.post(url("touch_edit", touch.pk), sent)
        assert response.status_code == 403
        assert told(response) == []

    def test_may_take_it_back(self, rep, hidden):
        touch = logged(rep, hidden)
        assert rep.post(url("touch_undo", touch.pk)).status_code == 302
        touch.refresh_from_db()
        assert touch.archived_at is not None


class TestLookAlikes:
    def create(self, client, **typed):
        return client.post(reverse("customer_create"), {"name": "Newcomer", **typed})

    def test_a_card_of_the_same_name_is_pointed_out(self, rep, hidden):
        response = self.create(rep, name="Marten Bakery Ltd.")
        assert [card.name for card in response.context["cards"]] == ["Mårten Bakery"]
        assert url("directory_card", hidden.pk) in response.content.decode()
        assert "Save, it is another" in response.content.decode()
        assert told(response) == []
        assert self.create(rep, name="Marten Bakery Ltd.", look_alikes_seen="on").status_code == 302

    def test_a_card_that_holds_the_name_as_its_town_is_not(self, rep, hidden):
        Customer.objects.filter(pk=hidden.pk).update(town="Newcomer")
        Customer.objects.get(pk=hidden.pk).save()
        assert self.create(rep).status_code == 302

    @pytest.mark.parametrize("guess", [{"phone": "01392 555123"}, {"web": "https://hidden.example"}])
    def test_what_a_card_does_not_show_is_not_compared(self, rep, hidden, guess):
        assert self.create(rep, **guess).status_code == 302

    def test_a_hidden_customer_is_as_one_that_does_not_exist(self, cast, django_assert_max_num_queries):
        Customer.objects.filter(pk=cast.foreign.pk).update(phone="01132 444555", web="https://foreign.example")
        client = client_of(cast.rep)
        self.create(client, name="First")

        def asked(**typed):
            with django_assert_max_num_queries(100) as captured:
                assert self.create(client, **typed).status_code == 302
            return len(captured)

        hidden = asked(name="Foreign customer", phone="01132 444555", web="https://foreign.example")
        assert hidden == asked(name="Another customer", phone="01132 444666", web="https://another.example")

    @pytest.mark.parametrize("phone", ["+44 1392 555-999", "(01392) 555999", "01392555999"])
    def test_a_number_is_the_same_however_it_is_written(self, cast, phone):
        Customer.objects.filter(pk=cast.own.pk).update(phone="01392 555 999")
        response = self.create(client_of(cast.rep), phone=phone)
        assert [row.name for row in response.context["look_alikes"]] == ["Own customer"]

    def test_one_that_is_edited_resembles_another_but_not_itself(self, cast):
        Customer.objects.filter(pk=cast.own.pk).update(name="Exe Ovens", search_text="exe ovens")
        other = factories.customer("Lanmere", owner=cast.rep_membership)
        client = client_of(cast.rep)

        def edit(**typed):
            return client.post(url("customer_edit", other.pk), {"name": "Lanmere", "version": other.version, **typed})

        assert [row.name for row in edit(name="EXE ovens").context["look_alikes"]] == ["Exe Ovens"]
        assert edit(name="EXE ovens", look_alikes_seen="on").status_code == 302
        other.refresh_from_db()
        assert edit(name=other.name, town="Exeter").status_code == 302

    def test_a_contact_that_is_edited_too(self, cast):
        one = factories.contact(cast.own, "Anna Wise", role=factories.contact_role(), email="anna@example.com")
        two = factories.contact(cast.own, "Tom Hale", role=factories.contact_role(), phone="01392 555 999")
        client, secret = client_of(cast.rep), factories.contact(cast.team_mates, "Hid", role=factories.contact_role())
        type(secret).objects.filter(pk=secret.pk).update(email="hid@example.com")

        def edit(**typed):
            sent = {"name": two.name, "role": two.role_id, "version": two.version, "phone": two.phone, **typed}
            return client.post(url("contact_edit", two.pk), sent)

        assert [row.name for row in edit(email="ANNA@example.com").context["look_alikes"]] == [one.name]
        assert edit(email="hid@example.com").status_code == 302

    def test_an_external_id_by_hand_only_by_who_reaches_all(self, cast, hidden):
        for user, asks in ((cast.rep, False), (cast.manager, False), (cast.admin, True)):
            form = client_of(user).get(reverse("customer_create")).context["form"]
            assert ("external_id" in form.fields) is asks
