from django.apps import AppConfig
from django.core.signals import request_finished, request_started
from django.db.models.signals import post_delete, post_save


class CompanyConfig(AppConfig):
    name = "territory.company"
    verbose_name = "The company"

    def ready(self) -> None:
        from celery.signals import task_postrun, task_prerun

        from territory.company.models import Company, forget_company

        for signal in (request_started, request_finished, task_prerun, task_postrun):
            signal.connect(forget_company, dispatch_uid="forget_company")
        for signal in (post_save, post_delete):
            signal.connect(forget_company, sender=Company, dispatch_uid="forget_company")
