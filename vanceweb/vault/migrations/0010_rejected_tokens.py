"""Apart from 0009: PostgreSQL alters no table whose rows the same transaction has changed."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("vault", "0009_keepers_and_spenders")]

    operations = [
        migrations.AddIndex(
            "connection",
            models.Index(condition=Q(("rejected_at__isnull", False)), fields=["keeper"], name="vault_rejected"),
        ),
    ]
