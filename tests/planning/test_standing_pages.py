"""Where we stand: what its pages say, to whom, and that they stay small."""

import datetime as dt
import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import CircumstanceKind, Customer, Potential, StageDecision
from customers.signals import customer_facts_changed
from planning.actions.standing import renew_standing
from planning.engine.months import month_before, month_of
from planning.models import InvolvementFinding, InvolvementRun, MovedMeasure, SaleNorm, SalesRun, Situation
from planning.queries.standing_moves import Move, stage_move, stage_moves
from planning.queries.standing_page import Window, moves_of, trend_of
from territory import clock
from territory.together import answer
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db

FRONT, COUNTS, MOVED = (reverse(name) for name in ("standing", "standing_counts", "standing_counts_moved"))


def at(day, hour=12):
    return dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC)


@pytest.fixture
def months(cast):
    """The present month, last month and the one before."""
    present = month_of(clock.company_today())
    return present, month_before(present), month_before(month_before(present))


@pytest.fixture
def stood(cast, months):
    """The rep's customer won two months ago, the mate's was lost last month, the other rep's gained a tier last month."""
    _present, last, earlier = months
    factories.tiers()
    Customer.objects.update(since=dt.date(2020, 1, 1))
    factories.order(cast.own, 20_000, "won", at(earlier))
    StageDecision.objects.create(customer=cast.team_mates, stage="lost", at=at(last), reason="gone elsewhere")
    Potential.objects.create(customer=cast.foreign, amount=50_000, noted_on=last)
    settle()
    return cast


def settle():
    ids = list(Customer.objects.values_list("pk", flat=True))
    rebuild_lifecycle(ids, now=clock.now())
    customer_facts_changed.send(sender=None, customer_ids=ids)
    renew_standing(now=clock.now())


def text_of(user, url, query=""):
    answered = client_of(user).get(url + query)
    assert answered.status_code == 200
    return answered.content.decode()


def line_of(text, name):
    """The cells of a row of the table of counts, in words."""
    rows = text.split('id="counts"')[1].split("</section>")[0].split("<tr")
    [row] = [row for row in rows if f">{name}</a>" in row or f"{name}</span>" in row]
    return [cell.split(">", 1)[1].split("<")[0] for cell in row.split("<td")[1:]]


def test_the_front_page_counts_stages_with_their_change(stood):
    text = text_of(stood.admin, FRONT)

    tiles = text.split('id="stages"')[1].split("</div>")[0]
    assert [part.split("<")[0] for part in tiles.split('tile-figure">')[1:]] == ["1", "1", "0", "1"]
    assert "±0 this month, −2 in 12 months" in tiles
    assert 'aria-label="From 3 to 1 in 12 months"' in tiles


def test_counts_are_of_the_customers_that_the_reader_sees(stood):
    assert line_of(text_of(stood.admin, COUNTS, "?by=team"), "Exeter") == ["0", "1", "0", "1"]
    assert line_of(text_of(stood.admin, COUNTS, "?by=team"), "Leeds") == ["1", "0", "0", "0"]
    assert "Leeds" not in text_of(stood.manager, COUNTS, "?by=team").split("<main")[1]
    rep = text_of(stood.rep, COUNTS, "?by=person").split("<main")[1]
    assert line_of(rep, "Rep") == ["0", "1", "0", "0"]
    assert "Mate" not in rep


def test_a_line_has_its_own_trend(stood, months):
    _present, _last, _earlier = months
    text = text_of(stood.admin, COUNTS, f"?by=team&of={stood.leeds.pk}")

    assert "Trend: Leeds" in text
    window = Window.of(stood.admin, 12)
    trend = answer(trend_of(window, "team", stood.exeter.pk))
    assert [dict(counts) for counts in trend.counts[-4:]] == [
        {"prospect": 2},
        {"customer": 1, "prospect": 1},
        {"customer": 1, "lost": 1},
        {"customer": 1, "lost": 1},
    ]
    assert client_of(stood.admin).get(COUNTS, {"by": "team", "of": "98765"}).status_code == 404
    assert client_of(stood.rep).get(COUNTS, {"by": "team", "of": stood.leeds.pk}).status_code == 404


def test_movements_are_told_by_month_and_by_whom(stood, months):
    _present, last, earlier = months
    text = text_of(stood.admin, COUNTS)
    assert f'{MOVED}?month={earlier:%Y-%m}&amp;move=won">1</a>' in text
    assert f'{MOVED}?month={last:%Y-%m}&amp;move=lost">1</a>' in text
    assert f'{MOVED}?month={last:%Y-%m}&amp;move=up">1</a>' in text

    lost = text_of(stood.admin, MOVED, f"?month={last:%Y-%m}&move=lost")
    assert reverse("customer_detail", args=[stood.team_mates.pk]) in lost
    assert "gone elsewhere" in lost
    up = text_of(stood.admin, MOVED, f"?month={last:%Y-%m}&move=up")
    assert stood.foreign.name in up
    assert stood.foreign.name not in text_of(stood.manager, MOVED, f"?month={last:%Y-%m}&move=up")
    assert stood.own.name not in text_of(stood.mate, MOVED, f"?month={earlier:%Y-%m}&move=won")


def test_a_month_is_one_of_the_past_or_the_present(stood, months):
    client = client_of(stood.admin)
    for text in ("2026-13", "x", "9999-01", "2199-01"):
        assert client.get(MOVED, {"month": text}).status_code == 404
    assert client.get(MOVED, {"month": "2001-02", "move": "nonsense"}).status_code == 200


def test_each_beginning_of_a_stage_is_one_movement_and_they_explain_the_counts(stood, months):
    """What stands at a month's end is what stood before, and who came, less who went."""
    chance_days = [dt.date(2024, 1, 1) + dt.timedelta(days=37 * n) for n in range(20)]
    for number, day in enumerate(chance_days):
        row = factories.customer(f"M{number}", stood.exeter, since=day)
        factories.order(row, 5_000, "won", at(day + dt.timedelta(days=20)))
        if number % 3 == 0:
            StageDecision.objects.create(customer=row, stage="lost", at=at(day + dt.timedelta(days=60)), reason="went")
        if number % 2 == 0:
            later = at(day + dt.timedelta(days=500))
            if later < clock.now():
                factories.order(row, 5_000, "won", later)
    settle()
    window = Window.of(stood.admin, 24)
    trend = answer(trend_of(window))
    moves = answer(moves_of(window))[::-1]

    rows = list(stage_moves(window.hanging, at(dt.date(2000, 1, 1)), clock.now()))
    assert {stage_move(row.stage, row.before) for row in rows} == {"new", "won", "back", "lapsed", "lost"}
    for before, after, month, moved in zip(trend.counts, trend.counts[1:], trend.months[1:], moves, strict=False):
        here = [row for row in rows if month_of(clock.day_of(row.began_at, clock.company_zone())) == month]
        told = {move: number for move, number in moved.counts.items() if not Move(move).is_of_tiers}
        assert told == Counter(stage_move(row.stage, row.before) for row in here)
        for stage in ("prospect", "customer", "lapsed", "lost"):
            came, went = (sum(getattr(row, field) == stage for row in here) for field in ("stage", "before"))
            assert after.get(stage, 0) == before.get(stage, 0) + came - went


def test_before_past_months_were_read_it_says_so(cast):
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=clock.now())
    text = text_of(cast.admin, FRONT)
    assert "past months are read within minutes" in text
    assert "in 12 months" not in text.split('id="stages"')[1]
    assert "changed since: " in text_of(cast.admin, COUNTS)


def test_without_customers_it_says_what_would_be_here(cast):
    seat = factories.membership(factories.person("New"), cast.exeter, "Salesperson")
    assert "Nobody to count yet" in text_of(seat.user, COUNTS)


def card_of(text, key):
    """A card of the front page in words; nothing where it is not there."""
    if f'id="card-{key}"' not in text:
        return ""
    words = re.sub(r"<[^>]+>", " ", text.split(f'id="card-{key}"')[1].split("</section>")[0].split(">", 1)[1])
    return " ".join(words.split())


@pytest.fixture
def computed(stood):
    """What a night leaves: budget freezes take 50 % longer, a market is as normal; others touch a sole customer; two situations."""
    told = {
        "kinds": {
            name: {"variance": 0.1, "share": share, "levels": 3, "why": ""}
            for name, share in (("salesperson", 0.04), ("market", 0.0), ("customer", 0.27), ("circumstance", 0.15))
        }
    }
    moved = MovedMeasure.objects.create(
        measure="days",
        on=clock.company_today(),
        computed_at=clock.now(),
        engine=1,
        first_on=dt.date(2026, 1, 1),
        last_on=clock.company_today(),
        sales=90,
        figures=told,
    )
    freeze, buyer = (CircumstanceKind.objects.create(name=name) for name in ("Budget freeze", "New buyer"))
    for kind, key, mean in (("circumstance", freeze.pk, 0.4055), ("circumstance", buyer.pk, -0.2231)):
        moved.effects.create(kind=kind, key=key, sales=20, mean=mean, error=0.05)
    moved.effects.create(kind="market", key=factories.market("Dairy").pk, sales=20, mean=0.9, error=2.0)
    figures = {
        name: [low, mid, high]
        for name, low, mid, high in (
            ("days", 40, 96, 130),
            ("touches", 9, 19, 30),
            ("minutes", 600, 1212, 2000),
            ("amount", 9_000, 13_600, 20_000),
            ("cost", 900, 1_240, 1_900),
            ("cost_below", 800, 1_100, 1_700),
        )
    }
    run = SalesRun.objects.create(on=clock.company_today(), computed_at=clock.now())
    for sale_type in (None, factories.sale_types()["new_business"]):
        for team in (None, stood.south_west):
            SaleNorm.objects.create(
                run=run,
                team=team,
                sale_type=sale_type,
                sales=22,
                ended=60,
                basis="own",
                basis_sales=22,
                won_share=0.37,
                figures=figures,
            )
    InvolvementRun.objects.create(on=clock.company_today(), computed_at=clock.now())
    row = stood.own.assignments.get(membership=stood.rep_membership)
    row.kind = "sole"
    row.save()
    for happened in ("sole_touched", "beyond_profile"):
        InvolvementFinding.objects.create(customer=stood.own, assignment=row, held="sole", happened=happened, share=0.4)
    for number, customer in enumerate((stood.own, stood.foreign)):
        Situation.objects.create(
            kind="single_contact",
            subject=f"{number}",
            customer=customer,
            team=customer.team,
            opened_at=clock.now(),
            found_at=clock.now(),
            checked_at=clock.now(),
        )
    return stood


def test_cards_say_in_one_line_what_their_pages_say(computed):
    text = text_of(computed.admin, FRONT)

    said = card_of(text, "what-moves-it")
    assert "Budget freeze +50 % (20 sales); New buyer −20 % (20 sales)" in said
    assert "these explain most: customer 27 %, circumstance 15 %. Not explained: 54 %." in said
    assert "Dairy" not in said
    client = client_of(computed.manager)
    client.get(FRONT)
    with CaptureQueriesContext(connection) as queries:
        client.get(FRONT)
    assert len(queries) <= 12
    assert (
        card_of(text, "normal-sale")
        == "The normal sale 96 days 19 touches, 20.2 h of work, an amount of £13,600; 37 % of those that ended are won."
    )
    assert "£1,240 Half of them cost between £900 and £1,900. What was spent on prospects" in card_of(
        text, "cost-of-sale"
    )
    said = card_of(text, "involvement")
    assert "1 customer with a sole contact was touched by others, too." in said
    assert "2 assignments in all" in said
    assert "2 Single contact: 2" in card_of(text, "situations")


def test_cards_are_of_what_the_reader_sees(computed):
    manager, rep = text_of(computed.manager, FRONT), text_of(computed.rep, FRONT)

    assert "1 Single contact: 1" in card_of(manager, "situations")
    assert "0 customers with a sole" in card_of(text_of(computed.other_manager, FRONT), "involvement")
    for key in ("normal-sale", "what-moves-it", "cost-of-sale", "involvement"):
        assert card_of(rep, key) == ""
    assert "£1,100 Half" in card_of(manager, "cost-of-sale")
    assert card_of(text_of(computed.other_manager, FRONT), "cost-of-sale") == ""
    assert "1 Single contact: 1" in card_of(rep, "situations")


def test_everybody_who_is_away_counts_once_and_three_are_named(stood):
    for number in range(5):
        person = factories.person(f"Away {number}")
        factories.situation_of("sole_away", stood.exeter, person=person)
        factories.situation_of("sole_away", stood.leeds, person=person)
    said = card_of(text_of(stood.admin, FRONT), "sole-away")
    assert (
        said
        == "Sole contacts away 5 Away 0, Away 1, Away 2 and 2 more are the only contacts, away, and nobody stands in."
    )


def test_one_day_and_one_touch_are_told_of_as_such(computed):
    norm = SaleNorm.objects.get(team=None, sale_type=None)
    norm.figures |= {"days": [1, 1, 2], "touches": [1, 1.2, 2]}
    norm.save()
    assert card_of(text_of(computed.admin, FRONT), "normal-sale").startswith("The normal sale 1 day 1 touch, ")


def test_what_does_not_reach_normal_is_named_however_many_lie_further_away(computed):
    moved = MovedMeasure.objects.get()
    for number in range(12):
        key = factories.market(f"Market {number}").pk
        moved.effects.create(kind="market", key=key, sales=2, mean=2.0, error=5.0)
    said = card_of(text_of(computed.admin, FRONT), "what-moves-it")
    assert "Budget freeze +50 % (20 sales); New buyer −20 % (20 sales)" in said


def test_before_the_first_night_there_are_no_cards_of_it(stood):
    text = text_of(stood.admin, FRONT)
    assert card_of(text, "what-moves-it") == card_of(text, "involvement") == ""
    assert "0 Nothing is out of the ordinary." in card_of(text, "situations")


@pytest.mark.parametrize("query", ["", "?by=person&months=24", "?by=market", "?by=team"])
def test_questions_and_bytes_do_not_grow_with_rows(stood, query):
    client = client_of(stood.admin)

    def look(url):
        with CaptureQueriesContext(connection) as queries:
            answered = client.get(url)
        return len(queries), len(answered.content)

    look(COUNTS + query)
    few, _size = look(COUNTS + query)
    for number in range(60):
        seat = factories.membership(factories.person(f"Person {number}"), factories.team(f"Team {number}"))
        row = factories.customer(f"Customer {number}", owner=seat, market=factories.market(f"Market {number}"))
        factories.order(row, 900 * number + 1, "won", at(dt.date(2026, 1, 5)))
    settle()
    many, size = look(COUNTS + query)

    assert many == few <= 12
    assert size < 60_000
    assert look(FRONT)[0] <= 12
    assert look(MOVED)[0] <= 12
