from django.apps import AppConfig


class TerritoryConfig(AppConfig):
    name = "territory"
    verbose_name = "Territory"

    def ready(self) -> None:
        from territory import instants, together
        from territory.celery import app

        instants.connect()
        together.connect()

        # Without it the web server's threads would ring the bell of Celery's built-in default, which nobody hears.
        app.set_default()
