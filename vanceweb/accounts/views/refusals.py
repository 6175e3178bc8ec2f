"""Refusals of invalid forms by allauth's views."""

from typing import Any

from django.http import HttpResponse


class RefusalMixin:
    """An invalid form is answered with 422."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response
