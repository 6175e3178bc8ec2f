"""A call of the API that fails unexpectedly."""

from typing import NoReturn

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.urls import path

from vanceweb.urls import handler500
from vanceweb.urls import urlpatterns as product

__all__ = ["handler500", "urlpatterns"]


@login_not_required
def fail(request: HttpRequest) -> NoReturn:
    raise RuntimeError("the secret reason")


urlpatterns = [path("api/v1/broken", fail), *product]
