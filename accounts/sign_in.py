"""Who can sign in."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet


def can_sign_in(prefix: str = "") -> Q:
    """People who are active and have an address and a password, as a condition on User or on what reaches one."""
    no_password = Q(**{f"{prefix}password": ""}) | Q(**{f"{prefix}password__startswith": UNUSABLE_PASSWORD_PREFIX})
    return Q(**{f"{prefix}is_active": True, f"{prefix}email__isnull": False}) & ~no_password


def invitable(people: QuerySet) -> QuerySet:
    """Those of these people who may be invited: active, with an address, without a password."""
    return people.filter(~can_sign_in(), is_active=True, email__isnull=False)
