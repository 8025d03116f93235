"""What every page knows of the company."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from territory.company.models import Company


def company(request: HttpRequest) -> dict[str, object]:
    """`company`: asked for only when a template reads it; None before it is set up."""
    return {"company": SimpleLazyObject(Company.current)}
