from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "territory.mail"
    label = "mail"
    verbose_name = "Mails"

    def ready(self) -> None:
        from territory.mail import digest, jobs

        digest.register()
        jobs.register()
