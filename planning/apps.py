from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "planning"
    verbose_name = "Planning"

    def ready(self) -> None:
        from planning import (
            audited,
            customer_screens,
            due_mails,
            hand_over_screens,
            jobs,
            order_screens,
            role_rows,
            travel_files,
            value_mails,
            week_mails,
        )
        from planning import receivers as receivers  # they connect themselves
        from planning.situations import mails

        audited.register()
        customer_screens.register()
        order_screens.register()
        hand_over_screens.register()
        role_rows.register()
        travel_files.register()
        mails.register()
        due_mails.register()
        value_mails.register()
        week_mails.register()
        jobs.register()
