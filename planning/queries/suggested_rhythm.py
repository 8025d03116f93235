"""What evidence says of the rhythm that contact rules ask for: from the nightly evidence, for who may see that."""

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct

from accounts.models import User
from planning.engine.rhythm import interval_days
from planning.engine.suggested_rhythm import Band, Suggestion, suggest
from planning.models import ContactRule, EvidenceRun, ValueStage
from planning.queries.touch_values import sees_evidence


class RhythmEvidence(Struct, frozen=True):
    """The share won by rhythm, by stage, touch type and tier."""

    computed_at: dt.datetime
    bands: Mapping[tuple[str, int, int], list[Band]]

    def of(self, rule: ContactRule) -> Suggestion | None:
        """What is suggested for a rule, or why nothing is; None of stages in which nobody can be won."""
        if rule.stage not in ValueStage.values:
            return None
        return suggest(self.bands_of(rule), float(interval_days(rule.count, rule.period)))

    def bands_of(self, rule: ContactRule) -> list[Band]:
        """All rhythms of the rule's touch type on its tier."""
        return self.bands.get((rule.stage, rule.touch_type_id, rule.tier_id), [])


def rhythm_evidence(user: User) -> RhythmEvidence | None:
    """The latest, in one query; None where there is none, or none that the reader may see."""
    run = EvidenceRun.objects.only("computed_at", "samples").first() if sees_evidence(user) else None
    if run is None:
        return None
    found = {
        (stage, row["type"], row["tier"]): [Band(**band) for band in row["bands"]]
        for stage, sample in run.samples.items()
        for row in sample.get("rhythms", [])
    }
    return RhythmEvidence(run.computed_at, found)
