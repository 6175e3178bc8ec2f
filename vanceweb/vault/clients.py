"""API clients for stored connections."""

from django.conf import settings
from django.utils.module_loading import import_string

from vanceweb.client import IN_PROCESS_BASE_URL, Retries, Timeouts, VanceClient, build_in_process_session
from vanceweb.vault.models import Connection
from vanceweb.vault.networks import build_network

# A cancellation that gets no response is sent again, so a worker needn't wait as long for it as for other calls.
TIMEOUTS = Timeouts(cancel=10.0)


def build_client(connection: Connection) -> VanceClient:
    """Return a client that uses the connection's token: in process for the bundled engine, over HTTP for others.

    Use it as a context manager, which closes its network connections. Don't use it inside a transaction, since a
    service may take minutes to answer. Raise DecryptionFailed if the token can't be decrypted.
    """
    token = connection.token.open()
    retries = Retries(attempts=settings.CLIENT_ATTEMPTS)
    if connection.is_bundled:
        session = build_in_process_session(import_string(settings.BUNDLED_ENGINE_WSGI))
        return VanceClient(token, base_url=IN_PROCESS_BASE_URL, session=session, timeouts=TIMEOUTS, retries=retries)
    network = build_network(connection)
    return VanceClient(token, base_url=connection.base_url, network=network, timeouts=TIMEOUTS, retries=retries)
