"""The demo, as somebody finds it who tries the product."""

import pytest
from django.apps import apps

from customers.models import Touch
from planning import demo
from territory import clock

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_every_row_has_a_first_version_so_that_changes_say_from_what_to_what():
    demo.load(clock.now())

    followed = [model for model in apps.get_models() if hasattr(model, "history")]
    rows = {model: set(model._base_manager.values_list("pk", flat=True)) for model in followed}
    assert len(rows[Touch]) > 1000
    for model in followed:
        first = model.history.filter(history_type="+").values_list(model._meta.pk.attname, flat=True)
        assert rows[model] <= set(first), model
        versions = model.history.model
        latest = {getattr(row, model._meta.pk.attname): row for row in versions.objects.order_by("history_id")}
        names = [field.attname for field in versions.tracked_fields if field.name not in ("took_part", "met")]
        differing = {
            name
            for row in model._base_manager.all()
            for name in names
            if getattr(row, name) != getattr(latest[row.pk], name)
        }
        assert not differing, model
    touch = Touch.objects.filter(people__isnull=False, contacts__isnull=False).first()
    version = touch.history.get(history_type="+")
    assert [user for user, *_lengths in version.took_part] == sorted(person.user_id for person in touch.people.all())
    assert version.met == sorted(contact.pk for contact in touch.contacts.all())
