"""Amounts beyond the old columns, which earlier versions stored, can be read again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0006_due_checks")]

    operations = [
        migrations.AlterField(
            model_name="connection",
            name=name,
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=20, null=True),
        )
        for name in ("granted", "used")
    ]
