"""A history is read again half an hour after the last request."""

from datetime import timedelta

from django.db import migrations
from django.db.models import F
from django.utils import timezone

REFRESH = timedelta(seconds=1800)


def set_due_times(apps, schema_editor):
    apps.get_model("usage", "HistorySync").objects.update(not_before=F("woken_at") + REFRESH)


def fill_times(apps, schema_editor):
    """Fill the column that the older version doesn't let be empty."""
    apps.get_model("usage", "HistorySync").objects.filter(woken_at=None).update(woken_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("usage", "0005_leases")]

    operations = [migrations.RunPython(set_due_times, fill_times)]
