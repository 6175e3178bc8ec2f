"""Throttles."""

from environs import validate

from vanceweb.settings.environment import env
from vanceweb.throttling.rates import Rate, parse_rates

# Throttles: limits of requests in a time, by account, by address or by both. Empty: no limit. A whole office may share
# one address: fifty people who upload hundreds of pictures each are no attack.

# The address of a Redis server that counts the requests, redis://…; if empty, the database does.
CACHE_URL = env.str("CACHE_URL", "", validate=validate.Regexp(r"(rediss?|redis\+unix)://.+|\Z"))
THROTTLES: dict[str, tuple[Rate, ...]] = {
    # Ten wrong passwords are enough tries for a forgetful person, and too few for a list of passwords.
    "sign-in": parse_rates(
        "THROTTLE_SIGN_IN",
        env.str(
            "THROTTLE_SIGN_IN",
            "10/15 minutes by account and address, 100/hour by account, 100/15 minutes by address",
        ),
    ),
    "password-reset": parse_rates(
        "THROTTLE_PASSWORD_RESET",
        env.str("THROTTLE_PASSWORD_RESET", "3/15 minutes by account, 20/15 minutes by address"),
    ),
    # The account is the link, which a whole company may open.
    "share-password": parse_rates(
        "THROTTLE_SHARE_PASSWORD",
        env.str(
            "THROTTLE_SHARE_PASSWORD",
            "10/15 minutes by account and address, 100/hour by account, 100/15 minutes by address",
        ),
    ),
    "invitation": parse_rates(
        "THROTTLE_INVITATION", env.str("THROTTLE_INVITATION", "100/hour by account, 300/hour by address")
    ),
    # Each picture is one request. A thousand take hours of processing.
    "upload": parse_rates(
        "THROTTLE_UPLOAD", env.str("THROTTLE_UPLOAD", "1000/10 minutes by account, 20000/10 minutes by address")
    ),
    # The account is the token. Programs ask for the progress of each job every second or two.
    "engine-api": parse_rates(
        "THROTTLE_ENGINE_API", env.str("THROTTLE_ENGINE_API", "3000/minute by account, 12000/minute by address")
    ),
    "site-api": parse_rates(
        "THROTTLE_SITE_API", env.str("THROTTLE_SITE_API", "1200/minute by account, 6000/minute by address")
    ),
}
# The URLs whose POST requests a rule counts.
THROTTLED_POSTS: dict[str, str] = {"feature": "upload", "convert-picture": "upload"}
