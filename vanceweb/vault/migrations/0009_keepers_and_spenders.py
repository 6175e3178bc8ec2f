"""Whoever added a connection keeps it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


def name_keepers(apps, schema_editor):  # type: ignore[no-untyped-def]
    connections = apps.get_model("vault", "Connection").objects
    connections.exclude(service="bundled").update(keeper=F("created_by"))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("vault", "0008_private_addresses"),
    ]

    operations = [
        migrations.AddField(
            "connection",
            "keeper",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "connection",
            "spend_role",
            models.CharField(
                blank=True,
                choices=[("member", "Member"), ("admin", "Admin"), ("owner", "Owner")],
                default="member",
                max_length=16,
            ),
        ),
        migrations.AddField(
            "connection",
            "spenders",
            models.ManyToManyField(
                blank=True, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="People"
            ),
        ),
        migrations.AddField("connection", "rejected_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(name_keepers, migrations.RunPython.noop, elidable=True),
    ]
