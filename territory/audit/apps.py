from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "territory.audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from territory.audit import denials, guard, origin

        origin.connect()
        denials.connect()
        post_migrate.connect(guard.protect, dispatch_uid="audit.guard")
