from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("vault", "0004_private_past")]

    operations = [
        migrations.RenameField(model_name="connection", old_name="asked_at", new_name="woken_at"),
        migrations.AlterField(
            model_name="connection",
            name="woken_at",
            field=models.DateTimeField(blank=True, default=timezone.now, null=True),
        ),
        migrations.AddField(
            model_name="connection", name="attempts", field=models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="connection",
            name="not_before",
            field=models.DateTimeField(blank=True, db_index=True, default=timezone.now, null=True),
        ),
        migrations.AddField(
            model_name="connection", name="lease_until", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="connection", name="lease_token", field=models.UUIDField(blank=True, null=True)
        ),
        # Existing connections have their history read once: a job may have ended since the last reading.
        migrations.AddField(
            model_name="connection",
            name="history_changed_at",
            field=models.DateTimeField(blank=True, default=timezone.now, null=True),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=Q(history_changed_at__isnull=False),
                fields=["history_changed_at"],
                name="vault_history_changed",
            ),
        ),
    ]
