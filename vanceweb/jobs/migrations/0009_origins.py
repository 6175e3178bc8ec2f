"""Add to jobs what their results say about their origin."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0008_steps_only")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="source_uuid",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="root_uuid",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(model_name="job", name="engine_version", field=models.TextField(blank=True)),
    ]
