"""The storage of `limits` in a table of the site's database."""

import time

from django.db import DatabaseError, connection
from limits.storage import Storage

from vanceweb.throttling.models import Counter

# One statement for each hit, on SQLite and PostgreSQL: the row is locked while it changes, so that of any number of
# requests at the same time exactly the permitted ones get a number within the limit. A window that has ended begins
# anew in its row.
COUNT_HIT = f"""
INSERT INTO {Counter._meta.db_table} AS counter (key, hits, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN counter.expires_at <= %s THEN excluded.hits ELSE counter.hits + excluded.hits END,
    expires_at = CASE WHEN counter.expires_at <= %s THEN excluded.expires_at ELSE counter.expires_at END
RETURNING hits
"""  # noqa: S608  # the name of our own table


class DatabaseStorage(Storage):
    """Counters of fixed windows, each of which begins with its first hit.

    A moving window would need a row for each hit, or a lock around reading and writing them. A fixed one is a single
    statement. Its price: around the end of a window, up to twice the limit may pass within the time of one.
    """

    STORAGE_SCHEME = ["vanceweb-database"]

    @property
    def base_exceptions(self) -> type[Exception]:
        """The errors of the database."""
        return DatabaseError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` hits in the window of `key`, which lasts `expiry` seconds, and return those in it so far."""
        now = time.time()
        with connection.cursor() as cursor:
            cursor.execute(COUNT_HIT, [key, amount, now + expiry, now, now])
            return int(cursor.fetchone()[0])

    def get(self, key: str) -> int:
        """Return the hits in the current window."""
        current = Counter.objects.filter(key=key, expires_at__gt=time.time())
        return current.values_list("hits", flat=True).first() or 0

    def get_expiry(self, key: str) -> float:
        """Return the end of the current window in seconds since 1970, now if there is none."""
        now = time.time()
        current = Counter.objects.filter(key=key, expires_at__gt=now)
        return current.values_list("expires_at", flat=True).first() or now

    def check(self) -> bool:
        """Return whether the table can be read."""
        Counter.objects.exists()
        return True

    def reset(self) -> int:
        """Remove all counters and return their number."""
        return Counter.objects.all().delete()[0]

    def clear(self, key: str) -> None:
        """Remove a counter."""
        Counter.objects.filter(key=key).delete()
