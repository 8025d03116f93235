"""Forms for the people at a customer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers.actions.contacts import add_contact, archive_contact, change_contact, restore_contact
from customers.forms.contacts import ContactForm
from customers.models import Contact, Customer
from customers.queries.look_alikes import like_contact
from customers.views.saving import carried_out, form_page, to_change
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast


@require_http_methods(["GET", "POST"])
def contact_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new contact of a customer; says whom they resemble before they are saved."""
    customer = to_change(Customer, request.user, pk)
    form = ContactForm(sent(request), initial={"role": request.GET.get("role")})
    alike = _look_alikes(request, form)
    if not alike and carried_out(
        form, lambda: add_contact(actor=request.user, now=clock.now(), customer=customer, values=form.values())
    ):
        toast(request, _("%(name)s is a contact now") % {"name": form.cleaned_data["name"]})
        return redirect(f"{reverse('customer_detail', args=[pk])}#contacts")
    return form_page(request, "customers/contact_form.html", form, customer=customer, look_alikes=alike)


def _look_alikes(request: HttpRequest, form: ContactForm, contact: Contact | None = None) -> list[Contact]:
    """Whom the typed contact resembles, unless the person saw that already; of an edited one, by what changed."""
    if not form.is_bound or not form.is_valid() or form.cleaned_data["look_alikes_seen"]:
        return []
    told = {name: form.cleaned_data[name] for name in ("name", "email", "phone") if name in form.changed_data}
    return like_contact(request.user, **{"name": "", **told}, but=contact and contact.pk)


@require_http_methods(["GET", "POST"])
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a contact, or note when they left."""
    contact = to_change(Contact, request.user, pk, "customer")
    back = f"{reverse('customer_detail', args=[contact.customer_id])}#contacts"
    form = ContactForm(sent(request), instance=contact)

    def save() -> None:
        version = form.cleaned_data["version"]
        change_contact(actor=request.user, now=clock.now(), contact=contact, version=version, values=form.values())

    alike = _look_alikes(request, form, contact)
    try:
        if not alike and carried_out(form, save):
            toast(request, _("Saved"))
            return redirect(back)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back)
    return form_page(
        request, "customers/contact_form.html", form, customer=contact.customer, contact=contact, look_alikes=alike
    )


@require_POST
def contact_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a contact away; touches with them stay."""
    contact = to_change(Contact, request.user, pk)
    archive_contact(actor=request.user, now=clock.now(), contact=contact)
    toast(request, _("%(name)s was archived") % {"name": contact.name}, undo=reverse("contact_restore", args=[pk]))
    return redirect(f"{reverse('customer_detail', args=[contact.customer_id])}#contacts")


@require_POST
def contact_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an archived contact back."""
    contact = to_change(Contact, request.user, pk)
    restore_contact(actor=request.user, now=clock.now(), contact=contact)
    toast(request, _("%(name)s is back") % {"name": contact.name})
    return redirect(f"{reverse('customer_detail', args=[contact.customer_id])}#contacts")
