"""The page of a link from a mail, or from an administrator, that opens nothing any more."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def render_void_link(request: HttpRequest, *, reason: str, way_out: str, label: str) -> HttpResponse:
    """Return the page with the reason in a sentence, and a button to the named URL `way_out`."""
    context = {"reason": reason, "way_out": way_out, "label": label}
    return render(request, "accounts/void_link.html", context, status=404)
