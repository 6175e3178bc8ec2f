from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("jobs", "0015_rows_of_a_person")]

    operations = [
        migrations.AddField(
            "job",
            "held_for",
            models.CharField(blank=True, choices=[("token", "Token")], default="", max_length=16),
            preserve_default=False,
        ),
        migrations.AddField("job", "held_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddIndex(
            "job",
            models.Index(condition=Q(("held_for", ""), _negated=True), fields=["connection"], name="jobs_held"),
        ),
    ]
