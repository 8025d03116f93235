"""Forms for markets, product lines and what markets could bring."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.forms.fields import RowForm
from customers.models import Market, MarketPotential, ProductLine
from customers.queries.listing import markets_below
from territory.fields import AmountField, DayField


class MarketForm(RowForm):
    """A market; it may be part of another, never of itself or of one below it."""

    class Meta:
        model = Market
        fields = ("name", "parent", "external_id")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        below = markets_below([self.instance]) if self.instance.pk else set()
        self.fields["parent"].queryset = Market.objects.filter(
            Q(archived_at__isnull=True) | Q(pk=self.instance.parent_id)
        ).exclude(pk__in=below)


class ProductLineForm(RowForm):
    """What we sell."""

    class Meta:
        model = ProductLine
        fields = ("name", "list_price", "launched_on", "external_id")
        field_classes = {"list_price": AmountField, "launched_on": DayField}


class MarketPotentialForm(RowForm):
    """What a market could bring a year with a product line, as noted on a day."""

    class Meta:
        model = MarketPotential
        fields = ("market", "product_line", "yearly_potential", "growth_percent", "source", "noted_on")
        field_classes = {"yearly_potential": AmountField, "noted_on": DayField}
        help_texts = {"source": _("Who says so: an association, a study, a count of our own.")}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("market", "product_line"):
            field = self.fields[name]
            field.queryset = field.queryset.filter(
                Q(archived_at__isnull=True) | Q(pk=getattr(self.instance, f"{name}_id"))
            )
