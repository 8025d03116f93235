"""Questions about anybody's reach are put into words once, and each answer is that of who asks."""

import datetime as dt

from django.db.models import BooleanField, Case, Exists, Q, Value, When
from django.db.models.expressions import RawSQL

from accounts.models import Role
from accounts.permissions import Act, Area, people_reached, scope
from customers.models import Customer, Touch
from customers.scope import EVERYTHING, NOTHING, customers_within, sight
from planning.models import Situation
from planning.models.situations import situations_within
from territory.blanks import Blank, numbered, taken_apart
from territory.together import prepared, together
from tests import factories

DAY = dt.date(2026, 3, 2)


def _yes(condition):
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def test_what_differs_by_constants_alone_has_one_form():
    def about(number, day, path):
        raw = RawSQL("SELECT id FROM customers_customer WHERE team_id = %s", [number])
        condition = (Q(pk__in=raw) & ~Q(_yes(Q(team=number)))) | Q(
            stage="won", since__lte=day, team__path__startswith=path
        )
        return condition, ("name", _yes(condition)), number, day, frozenset({number}), "words", None, True

    form, constants = taken_apart(about(7, DAY, "/1/"))
    other_form, others = taken_apart(about(8, DAY + dt.timedelta(1), "/1/"))

    assert form == other_form
    assert form[0] is other_form[0]
    once, later = (7, 7, DAY), (8, 8, DAY + dt.timedelta(1))
    assert constants == (*once, *once, 7, DAY, frozenset({7}))
    assert others == (*later, *later, 8, DAY + dt.timedelta(1), frozenset({8}))
    assert taken_apart(about(7, DAY, "/2/"))[0] != form


def test_what_has_no_constants_stays_the_same_thing():
    kept = (
        EVERYTHING,
        NOTHING,
        Q(tier__isnull=True),
        _yes(EVERYTHING),
        ("a", 5),
        Exists(Touch.objects.none()),
        1.0,
        True,
    )

    form, constants = taken_apart(kept)

    assert constants == ()
    assert all(part is each for part, each in zip(form, kept, strict=True))


def test_one_is_not_taken_for_yes():
    forms = [taken_apart([value])[0][0] for value in (1.0, True, 1)]

    assert [type(form) for form in forms] == [float, bool, Blank]


def test_blanks_stand_in_the_order_of_their_constants():
    form, constants = taken_apart((Q(team=5) | Q(pk=6), 7, ("x", _yes(Q(pk=8)))))

    numbers = [blank.value for blank in _blanks(numbered(form))]

    assert constants == (5, 6, 7, 8)
    assert numbers == [0, 1, 2, 3]


def _blanks(thing):
    if isinstance(thing, Blank):
        yield thing
    elif isinstance(thing, Case):
        yield from _blanks([when.condition for when in thing.cases])
    elif isinstance(thing, list | tuple):
        for each in thing:
            yield from _blanks(each)
    elif isinstance(thing, Q):
        yield from _blanks([child[1] if isinstance(child, tuple) else child for child in thing.children])


def test_an_object_is_its_key(company):
    rep = factories.person("Rep")

    assert taken_apart([Q(author=rep)])[1] == (rep.pk,)
    assert taken_apart([Q(author=rep)])[0] == taken_apart([Q(author=factories.person("Mate"))])[0]


def test_each_sees_what_is_within_their_own_reach(cast):
    """The words that were made for one person answer another of the same kind of reach, in any order."""
    order = factories.order(cast.own, 900, salesperson=cast.rep)
    factories.order(cast.foreign, 800, salesperson=cast.other_rep)
    factories.situation(order, team=cast.exeter)
    everybody = [user for user in cast.everyone().values() if user.is_active]
    for ask, plain in (_CUSTOMERS, _MARKED, _PEOPLE, _SITUATIONS):
        expected = [[row.pk for row in plain(user)] for user in everybody]
        assert len({tuple(keys) for keys in expected}) > 1
        for users in (everybody, everybody[::-1]):
            found = {user: [row.pk for row in together(ask(user))[0]] for user in users}
            assert [found[user] for user in everybody] == expected


def test_people_of_one_kind_of_reach_share_the_words(cast):
    built = []

    @prepared
    def ask(seen, marks, reached):
        built.append(seen)
        return Customer.objects.filter(seen, team__in=[1]).annotate(**dict(marks)) | Customer.objects.filter(
            pk=reached.user_id
        ).annotate(**dict(marks))

    for user in (cast.rep, cast.mate, cast.other_rep):
        together(
            ask(
                customers_within(user, Area.CUSTOMERS, Act.SEE),
                tuple(sight(user).items()),
                scope(user, Area.CUSTOMERS, Act.SEE),
            )
        )

    assert len(built) == 1


def test_one_with_two_memberships_is_not_answered_as_one_with_one(cast):
    factories.membership(cast.rep, cast.leeds, Role.objects.get(name="Salesperson"))
    factories.assign(cast.foreign, cast.rep.memberships.get(team=cast.leeds), "support")

    for user, expected in (
        (cast.mate, {cast.team_mates}),
        (cast.rep, {cast.own, cast.foreign}),
        (cast.mate, {cast.team_mates}),
    ):
        (rows,) = together(_CUSTOMERS[0](user))
        assert expected <= set(rows)
        assert (cast.foreign in rows) == (cast.foreign in expected)


@prepared
def _customers(seen):
    return Customer.objects.filter(seen).order_by("pk")


@prepared
def _marked(seen, marks):
    return Customer.objects.filter(seen).annotate(**dict(marks)).filter(orders_seen=True).order_by("pk")


@prepared
def _people(reached, day):
    return people_reached(reached, day).order_by("pk")


@prepared
def _situations(seen):
    return Situation.objects.filter(seen).order_by("pk")


def _seen(user):
    return customers_within(user, Area.CUSTOMERS, Act.SEE)


_CUSTOMERS = (lambda user: _customers(_seen(user)), lambda user: Customer.objects.filter(_seen(user)).order_by("pk"))
_MARKED = (
    lambda user: _marked(_seen(user), tuple(sight(user).items())),
    lambda user: Customer.objects.filter(_seen(user)).annotate(**sight(user)).filter(orders_seen=True).order_by("pk"),
)
_PEOPLE = (
    lambda user: _people(scope(user, Area.TOUCHES, Act.SEE), DAY),
    lambda user: people_reached(scope(user, Area.TOUCHES, Act.SEE), DAY).order_by("pk"),
)
_SITUATIONS = (
    lambda user: _situations(situations_within(user, Act.SEE)),
    lambda user: Situation.objects.filter(situations_within(user, Act.SEE)).order_by("pk"),
)
