"""Forms for markets and product lines."""

from django.db.models import Q

from customers.forms.fields import DayField, RowForm
from customers.models import Market, ProductLine
from customers.queries.listing import markets_below


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
        field_classes = {"launched_on": DayField}
