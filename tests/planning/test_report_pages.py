"""Reports as files: what cannot be asked is said, whatever stands in the address."""

import pytest
from django.urls import reverse


@pytest.mark.parametrize(
    ("name", "query", "why"),
    [
        ("sales", "by=colour", "“by” is one of: team, person, market, line."),
        ("due", "by=team", "due cannot be divided: leave “by” out."),
        ("workload", "from=2026-01-01", "workload is about one day: leave “from” and “to” out."),
        ("sales", "from=2026-02-01&to=2026-01-01", "“from” is later than “to”."),
        ("sales", "amount=5", "sales is about no amount: leave “amount” out."),
        ("time_to_business", "amount=much", "“amount” is a sum of money above 0, such as 5000 or 12.50."),
        ("time_to_business", "amount=-1", "“amount” is a sum of money above 0, such as 5000 or 12.50."),
        ("time_to_business", "amount=NaN", "“amount” is a sum of money above 0, such as 5000 or 12.50."),
        ("sales", "as_of=1.2.2026", "“as_of” is a day such as 2026-06-09."),
        ("standing", "as_of=9999-12-31", "“as_of” is a day such as 2026-06-09."),
        ("touches", "from=0001-01-01", "“from” is a day such as 2026-06-09."),
    ],
)
def test_what_cannot_be_asked_is_said(client, cast, name, query, why):
    client.force_login(cast.manager)
    answer = client.get(f"{reverse('report', args=[name])}?{query}")
    assert (answer.status_code, answer.content.decode()) == (400, why)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_report_is_had_as_a_file(client, cast, kind):
    client.force_login(cast.manager)
    answer = client.get(f"{reverse('report', args=['sales'])}?by=team&format={kind}&from=2026-01-01&to=2026-01-31")
    assert "won_amount" in answer.content.decode()
