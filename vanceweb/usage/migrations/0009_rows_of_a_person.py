"""Lists of what one person made, in their order."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0003_audit"),
        ("usage", "0008_texts_in_bounds"),
        ("vault", "0008_private_addresses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="usagerecord",
            index=models.Index(
                fields=["team", "created_by", "-created_at", "-id", "private_to"], name="usage_by_person"
            ),
        ),
    ]
