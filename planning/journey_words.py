"""Who says how long a journey takes, in words."""

from django.utils.translation import gettext as _

from planning.engine.journeys import GREAT_CIRCLE, Journeys
from planning.loaders.journeys import FILE, SERVER


def said_by(journeys: Journeys) -> str:
    """For the foot of a plan: "Travel times: our own table, great circle."."""
    words = {FILE: _("our own table"), SERVER: _("server of routes"), GREAT_CIRCLE: _("great circle")}
    return ", ".join(words.get(source, source) for source in journeys.source.split("+"))
