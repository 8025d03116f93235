from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts import audited, invitations, job_mails

        audited.register()
        invitations.register()
        job_mails.register()
