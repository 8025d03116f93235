"""Forms for the people at a customer."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.forms.fields import WithPhone
from customers.models import Contact, ContactRole
from territory.fields import DayField


class ContactForm(WithPhone):
    """A contact. Without a contact yet it does not ask when they left."""

    look_alikes_seen = forms.BooleanField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Contact
        fields = ("name", "role", "title", "decides", "phone", "email", "since", "left_on", "note")
        field_classes = {"since": DayField, "left_on": DayField}
        widgets = {
            "note": forms.Textarea(attrs={"rows": 3}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }
        labels = {"decides": _("Decides about orders")}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = ContactRole.objects.filter(
            Q(retired_at__isnull=True) | Q(pk=self.instance.role_id)
        )
        self.fields["email"].widget.attrs["autocomplete"] = "off"
        if self.is_new:
            del self.fields["left_on"]

    def values(self) -> dict[str, Any]:
        """The contact's own fields, for the action; no day known is left to the action."""
        values = super().values()
        if self.is_new and values["since"] is None:
            del values["since"]
        return values
