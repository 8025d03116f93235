"""What happens to people that others may have to recompute."""

from django.dispatch import Signal

# Sent in the transaction of the change, with user_ids: an iterable of primary keys. Memberships, absences, bases.
people_facts_changed = Signal()
