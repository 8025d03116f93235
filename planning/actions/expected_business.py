"""What the present prospects may bring, as the nightly run keeps it: by team, owner, tier and month (domain 3.2)."""

import datetime as dt
from collections.abc import Iterable, Iterator

from msgspec import Struct

from customers.models import Tier
from planning.actions.tier_curves import FINENESS, compact
from planning.engine.courses import prospects_sample
from planning.engine.expected_business import Expected, Outlook, expected_business, months_ahead, outlooks
from planning.engine.time_to_business import HORIZONS, Step, thinned
from planning.loaders.courses import Courses
from planning.loaders.prospects import Place, open_prospects
from planning.models import CurveKind, EvidenceRun, ExpectedBusiness, TierCurve


class Forecast(Struct, frozen=True):
    """What to expect, by place and month, and what that rests on, by tier and under None over all."""

    expected: dict[Place, dict[dt.date | None, Expected]]
    outlooks: dict[int | None, Outlook]


def expected_of(courses: Courses, on: dt.date) -> Forecast:
    """Of the prospects that are open at the end of a day."""
    tiers = list(Tier.objects.live().values_list("pk", flat=True))
    found = outlooks(courses.starts, prospects_sample(courses.prospects, on).courses, tiers, on)
    prospects = ((place, place.tier, start.started_on) for place, start in open_prospects(courses.starts, on))
    return Forecast(expected_business(prospects, found, months_ahead(on), on), found)


def store_expected(run: EvidenceRun, forecast: Forecast) -> None:
    """In the place of what earlier runs had; inside the run's transaction, after its other curves."""
    ExpectedBusiness.objects.all().delete()
    ExpectedBusiness.objects.bulk_create(_rows(run, forecast.expected), batch_size=2000)
    TierCurve.objects.bulk_create(_curves(run, forecast.outlooks))


def _rows(run: EvidenceRun, expected: dict[Place, dict[dt.date | None, Expected]]) -> Iterator[ExpectedBusiness]:
    for place, months in expected.items():
        for month, row in months.items():
            yield ExpectedBusiness(
                run=run,
                team_id=place.team,
                membership_id=place.membership,
                tier_id=place.tier,
                month=month,
                mean=row.mean,
                variance=row.variance,
                prospects=row.prospects,
                unknown=row.unknown,
            )


def _curves(run: EvidenceRun, outlooks: dict[int | None, Outlook]) -> Iterable[TierCurve]:
    for tier, outlook in outlooks.items():
        chances, worth = outlook.chances, outlook.worth
        steps = [Step(day, share, None, None) for day, share in zip(chances.days, chances.won, strict=True)]
        yield TierCurve(
            run=run,
            kind=CurveKind.CHANCE_OF_WINNING,
            tier_id=tier,
            steps=compact(thinned(steps, FINENESS)),
            figures={
                "wins": chances.wins,
                "longest": chances.longest,
                "pooled": chances.is_pooled,
                "chances": {str(days): chances.of_winning(-1, -1, days) for days in HORIZONS},
                "worth": worth and {"mean": worth.mean, "wins": worth.wins, "pooled": worth.is_pooled},
            },
        )
