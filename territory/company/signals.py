"""What happened to the company."""

from django.dispatch import Signal

# The zone, the working days or the holidays changed. Sent inside the transaction.
company_changed = Signal()
