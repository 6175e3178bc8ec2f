"""Calls to private addresses are for connections of people who were allowed to add them."""

from django.db import migrations, models

from vanceweb.vault.base_urls import has_private_host


def mark_existing(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Mark connections whose URL is that of a private host: only administrators could add them."""
    from urllib.parse import urlsplit

    connections = apps.get_model("vault", "Connection").objects.exclude(base_url="")
    for pk, base_url in connections.values_list("pk", "base_url").iterator():
        if has_private_host(urlsplit(base_url).hostname or ""):
            connections.filter(pk=pk).update(may_be_private=True)


class Migration(migrations.Migration):
    dependencies = [("vault", "0007_wider_amounts")]

    operations = [
        migrations.AddField("connection", "may_be_private", models.BooleanField(default=False)),
        migrations.RunPython(mark_existing, migrations.RunPython.noop, elidable=True),
    ]
