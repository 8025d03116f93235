"""The navigation: each page has a key of its own, and the page that one is on is marked."""

import re
from collections import Counter

import pytest
from django.urls import reverse

from territory.context_processors import OWN, RULES, TEAM
from tests.accounts.signing_in import client_of


def test_no_key_leads_to_two_pages():
    keys = Counter(entry.key for entry in (*OWN, *TEAM, *RULES) if entry.key)
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["routing_server", "travel_time_files", "town_files", "counting", "visiting", "call_judgements"]
)
def test_pages_of_rules_are_told_as_such(cast, name):
    page = client_of(cast.admin).get(reverse(name)).content.decode()
    link = re.search(rf'<a href="{reverse("rules_home")}"[^>]*data-key[^>]*>', page)
    assert link is not None
    assert 'aria-current="page"' in link[0]
