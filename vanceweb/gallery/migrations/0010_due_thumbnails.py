"""Only blobs without thumbnails are due, from when they were asked for."""

from django.db import migrations
from django.db.models import F
from django.utils import timezone


def set_due_times(apps, schema_editor):
    blobs = apps.get_model("gallery", "Blob").objects
    blobs.update(not_before=None)
    blobs.filter(thumbnails_at=None, problem="").update(not_before=F("woken_at"))


def fill_times(apps, schema_editor):
    """Fill the column that the older version doesn't let be empty."""
    apps.get_model("gallery", "Blob").objects.filter(woken_at=None).update(woken_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("gallery", "0009_leases")]

    operations = [migrations.RunPython(set_due_times, fill_times)]
