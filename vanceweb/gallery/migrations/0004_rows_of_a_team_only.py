"""The second half of 0003: PostgreSQL alters no table whose rows the same transaction has changed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0003_rows_of_a_team")]

    operations = [
        migrations.RemoveIndex(model_name="asset", name="gallery_newest_first"),
        migrations.RemoveField(model_name="asset", name="owner"),
        migrations.AlterField(
            model_name="asset",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
            ),
        ),
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(
                fields=["team", "kind", "-created_at", "-id", "private_to"], name="gallery_newest_first"
            ),
        ),
    ]
