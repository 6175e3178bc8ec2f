"""Lists of what one person made, in their order."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0011_rows_of_a_person"),
        ("jobs", "0014_failure_kinds"),
        ("teams", "0003_audit"),
        ("vault", "0008_private_addresses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=["team", "created_by", "-created_at", "-id", "private_to"], name="jobs_by_person"
            ),
        ),
    ]
