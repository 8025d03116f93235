"""What happens to customers that others may have to recompute."""

from django.dispatch import Signal

# Sent in the transaction of the change, with customer_ids: an iterable of primary keys.
customer_facts_changed = Signal()

# Sent when tiers or touch types change: figures of every customer rest on them.
catalogue_changed = Signal()
