"""Add the feature that made a result, for lists. The migration jobs.0007 fills it in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0004_rows_of_a_team_only")]

    operations = [
        migrations.AddField(model_name="asset", name="feature", field=models.CharField(blank=True, max_length=40)),
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(
                fields=["team", "kind", "feature", "-created_at", "-id", "private_to"], name="gallery_by_feature"
            ),
        ),
    ]
