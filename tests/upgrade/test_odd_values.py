"""Values of services that earlier versions stored as they came can be read after the update, and texts are cut."""

from decimal import Decimal

import pytest
from django.db import connection

from tests.upgrade.test_due_times import database, migrate_to

__all__ = ["database"]
pytestmark = pytest.mark.xdist_group("upgrade")

BEFORE = [("vault", "0006_due_checks"), ("usage", "0006_due_histories"), ("jobs", "0013_ended_jobs_are_never_due")]
AFTER = [("vault", "0007_wider_amounts"), ("usage", "0008_texts_in_bounds")]


def test_amounts_beyond_the_columns_can_be_read_and_long_texts_are_cut(database: None) -> None:
    apps = migrate_to(BEFORE)
    # PostgreSQL refused to store more digits.
    amount = Decimal("999999999999.999") if connection.vendor == "sqlite" else Decimal("99999999999.999")
    apps.get_model("vault.Connection").objects.update(granted=amount, last_error="e" * 5000)
    apps.get_model("usage.UsageRecord").objects.update(points=amount)
    apps.get_model("jobs.Job").objects.update(backend="b" * 1_900_000, note="fine")
    apps = migrate_to(AFTER)
    assert set(apps.get_model("vault.Connection").objects.values_list("granted", flat=True)) == {amount}
    assert set(apps.get_model("usage.UsageRecord").objects.values_list("points", flat=True)) == {amount}
    assert {len(text) for text in apps.get_model("vault.Connection").objects.values_list("last_error", flat=True)} == {
        1000
    }
    assert set(apps.get_model("jobs.Job").objects.values_list("backend", "note")) == {("b" * 2000, "fine")}
