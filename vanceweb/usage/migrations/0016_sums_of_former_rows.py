"""Request the sums of rows from before there were sums; the sweeper computes them in batches."""

from typing import Any

from django.db import migrations


def request_rebuilds(apps: Any, schema_editor: Any) -> None:
    rebuilds = apps.get_model("usage", "UsageRebuild").objects
    teams = apps.get_model("usage", "UsageRecord").objects.values_list("team", flat=True).order_by().distinct()
    rebuilds.bulk_create([rebuilds.model(team_id=team) for team in teams], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("usage", "0015_parts_of_sums")]

    operations = [migrations.RunPython(request_rebuilds, migrations.RunPython.noop, elidable=True)]
