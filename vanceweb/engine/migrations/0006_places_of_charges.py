from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engine", "0005_token_use")]

    operations = [
        migrations.AddField(
            model_name="account", name="charges", field=models.PositiveBigIntegerField(default=0)
        ),
        migrations.AddField(model_name="ledgerentry", name="place", field=models.PositiveBigIntegerField(null=True)),
    ]
