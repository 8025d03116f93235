"""The bench's volume at a tiny size: as many of everything as asked for, skewed, and fit to be worked with."""

import pytest
from django.db import connection
from django.db.models import Count
from django.urls import reverse

from accounts.models import User
from bench.browser import Form
from bench.people import busiest_customer
from bench.recompute import measure_floor
from bench.volume import Size, fill
from bench.volume.skew import skewed
from customers.models import Contact, Customer, Order, StagePeriod, Touch
from planning.actions.recompute import recompute_stale
from planning.models import CustomerFigures
from territory import clock
from tests.accounts.signing_in import client_of


@pytest.mark.django_db(transaction=True)
def test_the_volume_is_what_was_asked_for_and_can_be_worked_with():
    if connection.vendor != "postgresql":
        pytest.skip("the volume is made by PostgreSQL")
    fill(Size(customers=120, touches=1_500, orders=300, users=80, busiest=60), clock.now())

    counts = [model.objects.count() for model in (Customer, Contact, Touch, Order, User)]
    assert counts == [120, 360, 1_500, 300, 80]
    busiest = Customer.objects.annotate(number=Count("touches")).get(pk=busiest_customer())
    assert busiest.number == 60
    assert Customer.objects.filter(assignments__kind="lead").count() == 120
    assert set(StagePeriod.objects.values_list("customer_id", flat=True)) == set(
        Customer.objects.values_list("pk", flat=True)
    )
    assert Touch.history.count() == 1_500
    # What the lifecycle would give is what the rows say: nothing was written again.
    assert Order.history.count() == 300

    recompute_stale(now=clock.now())
    before = sorted(CustomerFigures.objects.values_list())
    assert measure_floor()[0] > 0
    assert sorted(CustomerFigures.objects.values_list()) == before

    client = client_of(busiest.assignments.get(kind="lead").membership.user)
    address = f"{reverse('log_touch')}?customer={busiest.pk}"
    form = Form(client.get(address).content.decode(), reverse("log_touch"))
    voice = Touch.objects.filter(type__channel="voice").values_list("type_id", flat=True)[0]
    sent: dict[str, list[str]] = {}
    for name, value in form.filled(type=str(voice), minutes="10"):
        sent.setdefault(name, []).append(value)
    assert client.post(address, sent).status_code == 302
    assert busiest.touches.count() == 61


@pytest.mark.parametrize(
    ("places", "total", "most"), [(20_000, 500_000, 1_000), (100, 120, 40), (7, 3, 3), (3, 30, 10)]
)
def test_few_have_many_and_all_add_up(places, total, most):
    counts = skewed(places, total, most)

    assert (len(counts), sum(counts)) == (places, total)
    assert max(counts) == most or total < places
    assert min(counts) >= 0
