from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("usage", "0004_jobs_of_charges")]

    operations = [
        migrations.RenameField(model_name="historysync", old_name="asked_at", new_name="woken_at"),
        migrations.AlterField(
            model_name="historysync",
            name="woken_at",
            field=models.DateTimeField(blank=True, default=timezone.now, null=True),
        ),
        migrations.AddField(
            model_name="historysync", name="attempts", field=models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="historysync",
            name="not_before",
            field=models.DateTimeField(blank=True, db_index=True, default=timezone.now, null=True),
        ),
        migrations.AddField(
            model_name="historysync", name="lease_until", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="historysync", name="lease_token", field=models.UUIDField(blank=True, null=True)
        ),
    ]
