"""Hours of a week in OpenStreetMap's notation."""

import pytest
from django.core.exceptions import ValidationError

from territory.formats.hours import check_hours, read_hours

MORNING, AFTERNOON = (540, 720), (840, 1020)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("  ", None),
        ("Mo 09:00-12:00", {1: (MORNING,)}),
        ("Mo-We 9:00-12:00, 14:00-17:00", {1: (MORNING, AFTERNOON), 2: (MORNING, AFTERNOON), 3: (MORNING, AFTERNOON)}),
        ("Mo,Fr 14:00-17:00,09:00-12:00", {1: (MORNING, AFTERNOON), 5: (MORNING, AFTERNOON)}),
        ("Sa-Mo 09:00-12:00", {6: (MORNING,), 7: (MORNING,), 1: (MORNING,)}),
        ("09:00-12:00; We off", dict.fromkeys((1, 2, 4, 5, 6, 7), (MORNING,))),
        ("Mo-Tu 09:00-12:00; Tu 14:00-17:00", {1: (MORNING,), 2: (AFTERNOON,)}),
        ("Mo 00:00-24:00", {1: ((0, 1440),)}),
    ],
)
def test_hours_are_read(text, found):
    assert read_hours(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "always", "Mo", "Mo 9-12", "Mo 12:00-09:00", "Mo 09:00-25:00", "Mo 09:61-10:00", "Xx 09:00-12:00", "Mo 09:00-12:00,11:00-13:00",
        "Mo 09:00-12:00;", ";", "Mo-Xx 09:00-12:00",
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_so(text):
    with pytest.raises(ValidationError):
        check_hours(text)
