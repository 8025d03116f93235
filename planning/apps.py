from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "planning"
    verbose_name = "Planning"

    def ready(self) -> None:
        from planning import customer_screens, receivers  # noqa: F401  receivers connect themselves

        customer_screens.register()
