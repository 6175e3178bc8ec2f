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
# Rows requested per page of a history; services may return fewer.
HISTORY_PAGE_ROWS = env.int("HISTORY_PAGE_ROWS", 100)
# Between two pages of a service on the network: a long history is read in the background, so it needn't be fast.
HISTORY_PAGE_PAUSE_SECONDS = env.float("HISTORY_PAGE_PAUSE_SECONDS", 0.2)
# Pages that a worker reads before another history has its turn: less than a minute.
HISTORY_TURN_PAGES = env.int("HISTORY_TURN_PAGES", 50)
# After an error; the pause doubles with each further one, up to the half hour between two readings.
HISTORY_RETRY_SECONDS = env.int("HISTORY_RETRY_SECONDS", 60)

# Charges that no job here caused raise an alert once they are as many credits as this, and this part of all credits in
# percent, within so many days. Trials of a token elsewhere stay below; a week shows what a weekend hides.
FOREIGN_ALERT_CREDITS = env.int("FOREIGN_ALERT_CREDITS", 10, validate=validate.Range(min=1))
FOREIGN_ALERT_PERCENT = env.int("FOREIGN_ALERT_PERCENT", 10, validate=validate.Range(min=1, max=100))
FOREIGN_ALERT_DAYS = env.int("FOREIGN_ALERT_DAYS", 7, validate=validate.Range(min=1))
# Jobs of the last days that have no charge are listed. Histories list a charge within minutes.
UNCHARGED_DAYS = 7
