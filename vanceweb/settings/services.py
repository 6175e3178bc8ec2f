"""The services that do the work, and calls to them."""

from environs import validate

from vanceweb.lib.outbound_proxy import parse_proxy
from vanceweb.settings.environment import env

# Whose connections may lead to services on private addresses: those of "administrators", of "everyone" or of "nobody".
PRIVATE_ADDRESSES = env.str(
    "PRIVATE_ADDRESSES", "administrators", validate=validate.OneOf(("administrators", "everyone", "nobody"))
)
# The proxy for calls to services and webhooks on the internet, as http://user:password@host:port. Those of the
# environment (HTTP_PROXY) are not used.
OUTBOUND_PROXY = parse_proxy(env.str("OUTBOUND_PROXY", ""))
HOSTED_BASE_URL = env.str("HOSTED_BASE_URL", "https://api-service.vanceai.com/web_api/v1")

# Attempts at one call before the job pauses (jobs/claims.py): enough for a dropped connection.
CLIENT_ATTEMPTS = 3
# Rows may arrive this late: the clocks of servers differ a little, and a row may be written after a newer one.
HISTORY_OVERLAP_SECONDS = 3600
