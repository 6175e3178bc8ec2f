"""Amounts beyond the old columns, which earlier versions stored, can be read again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("usage", "0006_due_histories")]

    operations = [
        migrations.AlterField(
            model_name="usagerecord", name=name, field=models.DecimalField(decimal_places=3, max_digits=20)
        )
        for name in ("points", "balance")
    ]
