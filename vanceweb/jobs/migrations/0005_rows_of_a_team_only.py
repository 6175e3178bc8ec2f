"""The second half of 0004: PostgreSQL alters no table whose rows the same transaction has changed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_rows_of_a_team")]

    operations = [
        migrations.RemoveIndex(model_name="job", name="jobs_newest_first"),
        migrations.RemoveField(model_name="job", name="owner"),
        migrations.AlterField(
            model_name="job",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["team", "-created_at", "-id", "private_to"], name="jobs_newest_first"),
        ),
    ]
