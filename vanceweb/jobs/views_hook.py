"""The address to which services on the network post the end of a job."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from vanceweb.jobs.hooks import UnknownHook, receive_hint


@csrf_exempt
@login_not_required
@require_POST
def job_hook(request: HttpRequest, secret: str) -> HttpResponse:
    """Take a hint. The body isn't read, whatever its size; the service itself is asked what happened."""
    try:
        receive_hint(secret)
    except UnknownHook:
        return HttpResponse(status=404)
    return HttpResponse(status=204)
