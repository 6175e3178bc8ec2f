"""Add the steps of a job, the uids of their guides, and the state "held"."""

from django.db import migrations, models

STATES = [
    ("queued", "Queued"),
    ("uploading", "Uploading"),
    ("processing", "Processing"),
    ("downloading", "Downloading"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
    ("held", "Held"),
]


class Migration(migrations.Migration):
    dependencies = [("jobs", "0005_rows_of_a_team_only")]

    operations = [
        migrations.AddField(
            model_name="job", name="steps", field=models.JSONField(default=dict), preserve_default=False
        ),
        migrations.AddField(model_name="job", name="guide_uids", field=models.JSONField(blank=True, default=dict)),
        migrations.AddField(model_name="job", name="held_reason", field=models.TextField(blank=True)),
        migrations.AlterField(
            model_name="job",
            name="state",
            field=models.CharField(choices=STATES, default="queued", max_length=16),
        ),
        migrations.AlterField(
            model_name="job",
            name="resume_state",
            field=models.CharField(blank=True, choices=STATES, max_length=16),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=["team", "feature", "-created_at", "-id", "private_to"], name="jobs_by_feature"
            ),
        ),
    ]
