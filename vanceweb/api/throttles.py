"""The limits of single calls, besides those of all calls, which the middleware counts before the token is looked up."""

from vanceweb.api.authentication import ApiRequest
from vanceweb.lib.client_address import get_client_address
from vanceweb.throttling.rules import UPLOAD
from vanceweb.throttling.services import build_person_account, check_throttle


def check_upload_rate(request: ApiRequest) -> None:
    """Count a picture with those that the person uploads on the pages, whatever token. Raise Throttled."""
    account = build_person_account(request.auth.user.pk)
    check_throttle(UPLOAD, address=get_client_address(request), account=account)
