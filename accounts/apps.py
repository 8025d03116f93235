from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts import audited, invitations, job_mails, second_factor

        audited.register()
        invitations.register()
        job_mails.register()
        second_factor.register()
