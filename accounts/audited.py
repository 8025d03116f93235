"""What the audit shows of people and of the company: areas, names, addresses."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Absence, Authenticator, Cover, HandedOver, Membership, Role, Team, User
from accounts.permissions import Area
from accounts.second_factor import factor_name
from territory.audit import registry
from territory.audit.registry import Kind
from territory.company.models import Company, Holiday
from territory.formats.days import day_text
from territory.mail.models import MailChoices


def _days(row: Any) -> str:
    return f"{row.user}, {day_text(row.starts_on)} – {day_text(row.ends_on)}"


def _cover(row: Any) -> str:
    return _("%(by)s for %(who)s") % {"by": row.membership.user, "who": _days(row)}


def register() -> None:
    registry.add(
        Kind(model=Company, area=Area.RULES, url=""),
        Kind(model=Holiday, area=Area.RULES),
        Kind(model=User, area=Area.PEOPLE, url="person_detail"),
        Kind(model=Team, area=Area.PEOPLE, related=("parent",)),
        Kind(model=Role, area=Area.PEOPLE, fields={"cost_per_hour": Area.COST}),
        Kind(
            model=Membership,
            area=Area.PEOPLE,
            related=("user", "team", "role"),
            fields={"cost_per_hour": Area.COST},
            name=lambda row: f"{row.user}, {row.role}, {row.team}",
        ),
        Kind(model=Absence, area=Area.ABSENCES, related=("user",), name=_days),
        Kind(
            model=Cover,
            area=Area.ABSENCES,
            related=("user", "membership__user", "membership__role", "membership__team"),
            name=_cover,
        ),
        Kind(
            model=Authenticator,
            area=Area.PEOPLE,
            related=("user",),
            name=lambda row: f"{row.user}, {factor_name(row.type)}",
        ),
        Kind(
            model=HandedOver,
            area=Area.PEOPLE,
            related=("user", "to"),
            name=lambda row: _("%(who)s to %(whom)s") % {"who": row.user, "whom": row.to},
        ),
        Kind(model=MailChoices, area=Area.PEOPLE, related=("user",), name=lambda row: str(row.user)),
    )
