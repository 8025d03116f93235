"""How the fields of a history row are put into words: one way for all who tell of changes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import models

from accounts.models import Membership, Role
from customers.models import Customer, Order, Tier, Touch, TouchType
from planning.models import PlanningSettings, RejectedSuggestion, Situation, TouchValue
from territory.audit import registry, words

PLAIN = {
    "detour_factor",
    "from_km",
    "half",
    "km_cost",
    "more",
    "most",
    "most_times",
    "none",
    "weeks",
    "within",
    "growth_percent",
    "hours_per_week",
    "km",
    "kmh",
    "travel_speed_kmh",
    "weekly_hours",
}


def versions(model, before, after):
    return model.history.model(**before), model.history.model(**after)


def test_every_number_with_decimals_is_money_a_share_a_place_or_known_as_plain():
    fields = [field for kind in registry.kinds() for field in kind.history.tracked_fields]
    decimals = {field.name for field in fields if isinstance(field, models.DecimalField | models.FloatField)}
    assert decimals - words.MONEY - words.RATES - words.SHARES - words.PLACES == PLAIN


def test_every_row_that_another_names_has_words_for_itself():
    fields = [field for kind in registry.kinds() for field in kind.history.tracked_fields if field.is_relation]
    named = {field.remote_field.model for field in fields if field.name not in words.NEVER}
    assert [model for model in named if model.__str__ is models.Model.__str__] == []


@pytest.mark.parametrize(
    ("model", "before", "after", "said"),
    [
        (Order, {"amount": Decimal("1000.00")}, {"amount": Decimal("1250.50")}, ("Amount", "£1,000", "£1,250.50")),
        (Order, {"probability": Decimal("0.5000")}, {"probability": Decimal("0.1250")}, ("Probability", "50 %", "12.5 %")),
        (Order, {"probability": None}, {"probability": Decimal("1.0000")}, ("Probability", "–", "100 %")),
        (RejectedSuggestion, {"value": 359.60869848078704}, {"value": 360.0}, ("Evidence", "£359.61", "£360")),
        (RejectedSuggestion, {"low": None}, {"low": 316.8087595721501}, ("Interval from", "–", "£316.81")),
        (Customer, {"latitude": 53.9}, {"latitude": 53.95912345}, ("Latitude", "53.9", "53.95912")),
        (Situation, {"share": 0.21}, {"share": 0.2134}, ("Share", "21 %", "21.34 %")),
        (Membership, {"weekly_hours": Decimal("40.00")}, {"weekly_hours": Decimal("37.50")}, ("Weekly hours", "40", "37.5")),
        (Touch, {"duration_seconds": 600}, {"duration_seconds": 5430}, ("Length", "10 min", "90.5 min")),
        (Touch, {"is_implausible": False}, {"is_implausible": True}, ("Implausible", "no", "yes")),
        (Touch, {"outcome": "neutral"}, {"outcome": "no_answer"}, ("Outcome", "neutral", "no answer")),
        (Touch, {"type_id": 3}, {"type_id": 4}, ("Type", "#3", "#4")),
        (Touch, {"note": ""}, {"note": "Rang twice"}, ("Note", "–", "Rang twice")),
        (PlanningSettings, {"detour_factor": Decimal("1.30")}, {"detour_factor": Decimal("1.05")}, ("Road to straight line", "1.3", "1.05")),
        (Role, {"access": {"orders": {"see": "own"}}}, {"access": {"orders": {"see": "all"}}}, ("Access", "orders see: own", "orders see: all")),
    ],
)  # fmt: skip
def test_a_field_says_from_what_to_what(cast, model, before, after, said):
    earlier, row = versions(model, before, after)
    (change,) = words.changes(row, earlier)
    label, old, new = (text.replace("\N{NO-BREAK SPACE}", " ") for text in (change.label, change.before, change.after))
    assert (label, old, new) == said


def test_days_and_moments_are_in_full(cast):
    at = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
    earlier, row = versions(
        Order, {"opened_at": None, "expected_on": None}, {"opened_at": at, "expected_on": at.date()}
    )
    said = {change.name: change.after for change in words.changes(row, earlier)}
    assert said == {"opened_at": "9 June 2026, 09:00", "expected_on": "9 June 2026"}


def test_a_first_version_says_what_is_not_as_always(cast):
    row = Order.history.model(title="Tray sealer", amount=Decimal("5.00"), status="pending", version=1)
    assert [(change.name, change.before, change.after) for change in words.changes(row, None)] == [
        ("title", None, "Tray sealer"),
        ("amount", None, "£5"),
    ]


def test_what_is_left_out_is_not_told(cast):
    earlier, row = versions(Order, {"amount": 1, "title": "A"}, {"amount": 2, "title": "B"})
    assert [change.name for change in words.changes(row, earlier, {"amount"})] == ["title"]


def test_a_suggestion_rejected_names_the_official_value_that_is_kept(cast):
    kept = TouchValue(pk=67, touch_type=TouchType(name="Field visit"), tier=Tier(name="A"), stage="customer")
    row = RejectedSuggestion.history.model(official=kept, value=359.6087)
    assert [(change.label, change.after) for change in words.changes(row, None)] == [
        ("Official value that is kept", "Field visit, A, customers"),
        ("Evidence", "£359.61"),
    ]
