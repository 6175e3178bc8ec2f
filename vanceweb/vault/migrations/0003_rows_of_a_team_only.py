"""The second half of 0002: PostgreSQL alters no table whose rows the same transaction has changed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_rows_of_a_team")]

    operations = [
        migrations.RemoveConstraint(model_name="connection", name="vault_connection_name"),
        migrations.RemoveField(model_name="connection", name="owner"),
        migrations.AlterField(
            model_name="connection",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("private_to", None)), fields=("team", "name"), name="vault_shared_connection_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                fields=("team", "private_to", "name"), name="vault_private_connection_name"
            ),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(fields=["team", "created_at", "id", "private_to"], name="vault_oldest_first"),
        ),
    ]
