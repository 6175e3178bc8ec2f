"""Give the rows of this room to the installation's first team, private to the person who had them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def give_to_first_team(apps, schema_editor):
    """Nothing becomes visible to others: each row stays private to its owner."""
    rows = apps.get_model("jobs", "Job").objects
    if rows.exists():
        team = apps.get_model("teams", "Team").objects.order_by("pk").first()
        rows.update(team=team, created_by=F("owner"), private_to=F("owner"))


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_backends_and_notes_of_any_length"),
        ("teams", "0002_teams"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="team",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="private_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(give_to_first_team, migrations.RunPython.noop),
    ]
