from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        # The room's own columns, tabs and entries use the same registries as those of the rooms above.
        from accounts import access_effects
        from customers import audited, expense_mails, import_mails, jobs
        from customers import objections as objections  # its receivers connect themselves
        from customers.access_things import customers_as_things
        from customers.queries import columns, timeline_sources

        audited.register()
        columns.register()
        expense_mails.register()
        import_mails.register()
        jobs.register()
        timeline_sources.register()
        access_effects.things[access_effects.CUSTOMERS] = customers_as_things
