"""What the database itself refuses, whoever writes."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from customers.models import Customer
from tests import factories


@pytest.mark.parametrize("place", [{"latitude": 54.0}, {"longitude": -1.0}, {"latitude": 91.0, "longitude": 0.0}])
def test_half_a_place_is_none(company, place):
    customer = factories.customer()
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(**place)


@pytest.mark.parametrize("base", [{"base_latitude": 54.0}, {"base_longitude": -1.0}])
def test_half_a_base_is_none(company, base):
    person = factories.person()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=person.pk).update(**base)


def test_one_open_owner_at_a_time(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.assign(cast.own, cast.mate_membership, kind="lead")
