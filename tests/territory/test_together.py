"""Several questions in one statement give what each gives alone."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import BooleanField, Case, Count, Exists, F, Max, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Role, Team, User
from customers.models import Assignment, Customer, Order, Touch
from territory.company.models import Company, Holiday
from territory.rows import on_day
from territory.together import MOST_KEPT, answers, prepared, side_by_side, together
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def questions():
    """Questions of every shape: whole rows with what hangs on them, tuples, single values, sums, slices, nothing."""
    factories.company()
    Holiday.objects.create(on=dt.date(2026, 12, 25), name='Christmas % "day" \' \\ {}')
    for number in range(3):
        customer = factories.customer(f"Mill {number}", latitude=0.1 + 0.2 * number, longitude=1 / 3)
        member = factories.membership(starts_on=dt.date(2026, 1, 1 + number))
        factories.assign(customer, member)
        factories.touch(customer, member.user, at=dt.datetime(2026, 3, 29, 1, 30, number, 123456, tzinfo=dt.UTC))
        factories.order(customer, amount=Decimal("12345678901.23") + number)
    is_first = Case(When(name="Mill 0", then=Value(True)), default=Value(False), output_field=BooleanField())
    touched = Exists(Touch.objects.filter(customer=OuterRef("pk")))
    return [
        Customer.objects.select_related("tier", "team", "market")
        .annotate(first=is_first, touched=touched)
        .order_by("-name"),
        Assignment.objects.select_related("membership__user", "membership__role", "membership__team").order_by("pk"),
        Membership.objects.order_by("pk").values_list("pk", "weekly_hours", "selling_share", "starts_on", "role_id"),
        Order.objects.order_by("-amount"),
        Order.objects.order_by("pk").values_list("amount", flat=True)[1:],
        Order.objects.order_by("customer").values("customer__name").annotate(worth=Sum("amount"), count=Count("pk")),
        Touch.objects.order_by("customer").values_list("customer", "at", "duration_seconds", "is_implausible", "uuid"),
        Touch.objects.order_by().values_list("customer__latitude").annotate(last=Max("at")),
        Role.objects.order_by("position", "pk"),
        Role.objects.order_by("pk").values_list("access", "name"),
        User.objects.order_by("pk").annotate(place=Coalesce(F("base_latitude"), Value(1.5))).only("pk", "name"),
        Company.objects.all(),
        Holiday.objects.values_list("on", "name"),
        Team.objects.none(),
        Team.objects.filter(pk__in=[]),
        Touch.objects.order_by("pk").prefetch_related("people__user"),
    ]


def told(rows):
    """Rows as plain values, with the values of what is joined to them."""
    return [_told(row) for row in rows]


def _told(row):
    if not hasattr(row, "__dict__"):
        return row
    kept = {name: value for name, value in vars(row).items() if name not in ("_state", "_prefetched_objects_cache")}
    joined = {name: _told(value) for name, value in row._state.fields_cache.items()} if hasattr(row, "_state") else {}
    return type(row), kept, joined


def test_each_gives_what_it_gives_alone(questions):
    alone = [told(list(rows.all())) for rows in questions]
    assert [told(rows) for rows in together(*questions)] == alone
    assert all(alone[:13])
    assert [type(value) for value in together(*questions)[2][0]] == [type(value) for value in questions[2].first()]


def test_all_are_read_in_one_statement(questions):
    with CaptureQueriesContext(connection) as queries:
        together(*questions[:-1])
    assert len(queries) == 1


def test_questions_without_an_answer_ask_nothing():
    with CaptureQueriesContext(connection) as queries:
        assert together(Team.objects.none(), Team.objects.filter(pk__in=[])) == [[], []]
    assert not queries.captured_queries


def test_a_question_can_be_asked_again_and_narrowed_afterwards(questions):
    orders = questions[3]
    together(orders)
    assert orders.filter(customer__name="Mill 1").count() == 1
    assert together(orders.filter(customer__name="Mill 1"))[0] == list(orders.filter(customer__name="Mill 1"))


def names_after(first, steps):
    """Asks so many times, each time for the teams named after what came before; none at all for no step."""
    found = [first]
    for _ in range(steps):
        rows, nobody = yield [Team.objects.filter(name__gt=found[-1]).order_by("name"), Team.objects.none()]
        assert nobody == []
        found.append(rows[0].name)
    return found


def test_parts_side_by_side_ask_one_statement_a_step(db):
    for name in "bcde":
        factories.team(name)

    def both():
        return (yield from side_by_side([names_after("a", 1), names_after("c", 2)]))

    with CaptureQueriesContext(connection) as queries:
        found = answers(long=names_after("a", 3), none=names_after("z", 0), pair=both())
    assert found == {"long": ["a", "b", "c", "d"], "none": ["z"], "pair": [["a", "b"], ["c", "d", "e"]]}
    assert len(queries) == 3


@prepared
def _touched(since, day, customer, name):
    """A question with a blank of every kind, two of them twice, beside what is part of its words."""
    assigned = Assignment.objects.filter(
        on_day(day), customer=OuterRef("pk"), membership__user__name__startswith="Person"
    )
    rows = Customer.objects.filter(Q(pk=customer) | Q(touches__at__lt=since), Exists(assigned), name__contains=name)
    return (
        rows.annotate(is_it=Case(When(pk=customer, then=Value(True)), default=Value(False))).order_by("pk").distinct()
    )


def test_a_prepared_question_is_asked_about_something_else_each_time(questions, django_assert_num_queries):
    """The words are those of the first time; what fills them is not."""
    keys = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    early, late = (dt.datetime(2026, 3, 29, 1, 30, second, tzinfo=dt.UTC) for second in (0, 2))
    before, after = dt.date(2025, 1, 1), dt.date(2026, 6, 1)
    Assignment.objects.update(starts_on=dt.date(2026, 1, 1))
    asked = [
        (early, after, keys[0], "Mill"),
        (late, after, keys[2], "Mill"),
        (late, before, keys[2], "Mill"),
        (early, after, keys[1], "Mill 1"),
        (early, after, keys[1], "Mill 2"),
    ]
    with django_assert_num_queries(1):
        found = together(*(_touched(*about) for about in asked))
    assert [[row.pk for row in rows] for rows in found] == [[keys[0]], [keys[0], keys[1], keys[2]], [], [keys[1]], []]
    assert [[row.is_it for row in rows] for rows in found[:2]] == [[True], [False, False, True]]
    for about, rows in zip(asked, found, strict=True):
        assert together(_touched(*about)) == [rows]


def test_a_prepared_question_is_asked_about_another_number_that_a_client_made(company):
    @prepared
    def ask(number):
        return Touch.objects.filter(uuid=number)

    one, other = (factories.touch(factories.customer(), None, dt.datetime(2026, 3, 1, tzinfo=dt.UTC)) for _ in range(2))

    assert together(ask(one.uuid), ask(other.uuid), ask(uuid.uuid4())) == [[one], [other], []]


def test_a_prepared_question_is_put_into_words_once():
    built = []

    @prepared
    def ask(day, name):
        built.append(name)
        return Holiday.objects.filter(on=day, name=name)

    for name in ("Easter", "Easter", "Whitsun"):
        together(ask(dt.date(2026, 4, 6), name), ask(dt.date(2026, 5, 25), name))
    assert built == ["Easter", "Whitsun"]


@prepared
def _touches_before(since, keys, text):
    """Grouped by what has a blank in it, beside a text that is no pattern."""
    early = Case(When(at__lt=since, then=Value(text)), default=Value("100 % 'late' \\ {}"))
    rows = Touch.objects.filter(customer__in=keys).order_by()
    return (
        rows.annotate(when=early)
        .values("when")
        .annotate(count=Count("pk"))
        .order_by("when")
        .values_list("when", "count")
    )


def test_a_statement_that_the_database_keeps_is_asked_about_something_else_each_time(questions):
    keys = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    text = "%s $1 'early' \\ {0} %%"
    for second in range(10):
        since, asked = dt.datetime(2026, 3, 29, 1, 30, second % 3, tzinfo=dt.UTC), frozenset(keys[: second % 4])
        early, late = (
            len([1 for number in range(len(asked)) if (number < second % 3) is is_it]) for is_it in (True, False)
        )
        expected = [(text, early)] * bool(early) + [("100 % 'late' \\ {}", late)] * bool(late)
        for found in (
            *together(_touches_before(since, asked, text)),
            together(_touches_before(since, asked, text), *questions)[0],
        ):
            assert sorted(found) == sorted(expected)
        both = together(_touches_before(since, asked, text), _touched(since, dt.date(2026, 6, 1), keys[0], "Mill"))
        assert (sorted(both[0]), both[1][0].pk) == (sorted(expected), keys[0])


def test_postgresql_keeps_the_plan_of_a_prepared_question(questions):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps no plan beyond a statement's text")
    for number in range(12):
        together(_touches_before(dt.datetime(2026, 3, 1 + number, tzinfo=dt.UTC), frozenset({number}), "once"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE '%once%'")
        assert cursor.fetchall() == [(12,)]


def test_a_connection_keeps_so_many_statements(questions):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps none")
    connection.ensure_connection()
    assert connection.connection.prepared_max == MOST_KEPT
