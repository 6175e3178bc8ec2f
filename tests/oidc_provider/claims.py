"""What the provider tells about its people."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator

from tests.oidc_provider import PEOPLE


class Claims(OAuth2Validator):
    # Whatever scopes were asked for.
    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, object]:
        name = request.user.get_username()
        email, is_verified = PEOPLE[name]
        return {"preferred_username": name, "email": email, "email_verified": is_verified}
