"""What changes more than one row of this room.

Every action is keyword-only, takes the actor and this moment, is one transaction, leaves one history entry for each row
it changes, and tells others what changed (customers.signals) in that transaction. Broken rules raise ValidationError by
field. Who may act is decided before: by the queryset a view takes the row from.
"""
