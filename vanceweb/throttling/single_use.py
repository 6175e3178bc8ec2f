"""Marks of what may be used once, such as the codes of authenticator apps. All processes of the site share them."""

from django.utils.crypto import salted_hmac

from vanceweb.throttling.database_storage import DatabaseStorage

_storage = DatabaseStorage()


def mark_used(kind: str, *parts: str, seconds: int) -> bool:
    """Mark what `parts` name as used for so many seconds. Return False if it was marked already.

    Of any number of calls at the same moment, in whatever processes, one gets True. Only a keyed hash is stored. Call
    it outside of a transaction, which takes the mark along if it is rolled back.
    """
    digest = salted_hmac(f"single-use:{kind}", "\n".join(parts), algorithm="sha256").hexdigest()
    return _storage.incr(f"{kind} used/{digest}", seconds) == 1
