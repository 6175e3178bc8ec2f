"""A table for testing leases, independent of the rules of any app."""

from django.db import models

from vanceweb.lib.leases import LeasedModel


class Work(LeasedModel):
    state = models.CharField(max_length=10, default="queued")
    note = models.CharField(max_length=20, default="")

    class Meta:
        app_label = "lib_tests"
