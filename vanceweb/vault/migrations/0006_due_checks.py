"""A token that works is checked half an hour after the last request, a new one at once, and a failed one not again."""

from datetime import timedelta

from django.db import migrations
from django.db.models import F
from django.utils import timezone

REFRESH = timedelta(seconds=1800)


def set_due_times(apps, schema_editor):
    connections = apps.get_model("vault", "Connection").objects
    connections.update(not_before=None)
    connections.filter(check_state="checking").update(not_before=F("woken_at"))
    connections.filter(check_state="ok").update(not_before=F("woken_at") + REFRESH)


def fill_times(apps, schema_editor):
    """Fill the column that the older version doesn't let be empty."""
    apps.get_model("vault", "Connection").objects.filter(woken_at=None).update(woken_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("vault", "0005_leases")]

    operations = [migrations.RunPython(set_due_times, fill_times)]
