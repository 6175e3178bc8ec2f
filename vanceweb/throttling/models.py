"""The counters of throttled requests, where no Redis keeps them."""

from django.db import models


class Counter(models.Model):
    """The requests in one window of a limit. `expires_at` is its end, in seconds since 1970.

    `key` names the rule, the scope, the limit and a keyed hash of whose requests these are: the table holds no
    addresses, names or tokens.
    """

    key = models.CharField(max_length=200, primary_key=True)
    hits = models.IntegerField()
    expires_at = models.FloatField(db_index=True)

    def __str__(self) -> str:
        return self.key
