"""The company of a new installation and the first administrator. Part of the front door: it knows the rooms."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.actions.memberships import create_membership
from accounts.actions.people import create_person
from accounts.actions.teams import create_team
from accounts.models import Role, RoleFunction, User
from planning.actions.starting_rules import create_starting_rules
from territory import clock
from territory.company.models import Company


class Answers(Struct, frozen=True):
    """What is asked for; each is checked by `check_answer`."""

    company: str
    currency: str
    time_zone: str
    admin: str
    password: str


def check_answer(name: str, text: str) -> str:
    """The answer tidied; raises ValidationError saying what is wrong with it."""
    text = text if name == "password" else text.strip()
    if not text:
        raise ValidationError(_("An answer is needed."))
    if name == "admin":
        validate_email(text)
    elif name == "password":
        validate_password(text)
    else:
        field = {"company": "name"}.get(name, name)
        text = text.upper() if name == "currency" else text
        Company(**{field: text}).clean_fields(exclude={other.name for other in Company._meta.fields} - {field})
    return text


@transaction.atomic
def set_up(answers: Answers, *, now: dt.datetime) -> User:
    """Create the company, the rules it starts with, and an administrator in a team at the top; once only."""
    if Company.objects.exists():
        raise ValidationError(_("This installation has a company already."))
    company = Company(name=answers.company, currency=answers.currency, time_zone=answers.time_zone)
    company.full_clean()
    company.save(force_insert=True)
    today = clock.day_of(now, ZoneInfo(company.time_zone))
    create_starting_rules(now=now, on=today)
    person = create_person(actor=None, now=now, name=_name_from(answers.admin), email=answers.admin)
    validate_password(answers.password, person)
    person.set_password(answers.password)
    person.save(update_fields=["password"])
    create_membership(
        actor=None,
        now=now,
        on=today,
        user=person,
        team=create_team(actor=None, now=now, name=answers.company),
        role=Role.objects.live().filter(function=RoleFunction.ADMINISTRATION).earliest("position"),
        weekly_hours=0,
        selling_share=0,
    )
    return person


def _name_from(email: str) -> str:
    """A name to begin with: nell.ashcombe@… is Nell Ashcombe. The person can be renamed."""
    words = email.split("@")[0].replace(".", " ").replace("_", " ").replace("-", " ").split()
    return " ".join(word.capitalize() for word in words) or email
