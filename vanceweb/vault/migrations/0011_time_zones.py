"""Zones with a name in place of minutes, so that a service whose clock changes twice a year is understood, too."""

from typing import Any

from django.db import migrations, models


def name_zones(apps: Any, schema_editor: Any) -> None:
    for connection in apps.get_model("vault", "Connection").objects.exclude(zone_shift_minutes=0):
        # What was added to the service's times to get UTC. In these names a plus is west of Greenwich. No page ever set
        # anything else than whole hours.
        hours = max(-14, min(12, round(connection.zone_shift_minutes / 60)))
        connection.time_zone = f"Etc/GMT{hours:+d}"
        connection.save(update_fields=["time_zone"])


class Migration(migrations.Migration):
    dependencies = [("vault", "0010_rejected_tokens")]

    operations = [
        migrations.AddField(
            model_name="connection", name="billing_day", field=models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="connection", name="time_zone", field=models.CharField(default="UTC", max_length=64)
        ),
        migrations.RunPython(name_zones, migrations.RunPython.noop),
        migrations.RemoveField(model_name="connection", name="zone_shift_minutes"),
    ]
