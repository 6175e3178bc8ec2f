"""Lists of what one person made, in their order."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0010_due_thumbnails"),
        ("teams", "0003_audit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(
                fields=["team", "kind", "created_by", "-created_at", "-id", "private_to"], name="gallery_by_person"
            ),
        ),
    ]
