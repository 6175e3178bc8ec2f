"""Ended jobs have no due time, so that the index of due jobs finds the few that their service must be told about."""

from django.db import migrations


def clear_due_times(apps, schema_editor):
    jobs = apps.get_model("jobs", "Job").objects
    jobs.filter(state__in=["done", "failed", "cancelled"], cancel_requested=False).update(not_before=None)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0012_turns")]

    operations = [migrations.RunPython(clear_due_times, migrations.RunPython.noop)]
