"""Who calls: the person and the team of a bearer token. Cookies, sessions and CSRF tokens play no role."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from vanceweb.lib.client_address import get_client_address
from vanceweb.teams.access import Actor
from vanceweb.teams.api_tokens import find_token_actor


class ApiTokenAuth(HttpBearer):
    """The header `Authorization: Bearer vw_…`."""

    openapi_description = "A token that you made in your account. It acts as you, in one team."

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return the actor of the call, None for a token that isn't usable."""
        return find_token_actor(token, address=get_client_address(request))


class ApiRequest(HttpRequest):
    """A request with a valid token."""

    auth: Actor
