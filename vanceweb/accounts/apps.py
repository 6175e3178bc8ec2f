from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "vanceweb.accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers; the models they belong to are loaded by now."""
        from vanceweb.accounts import receivers  # noqa: F401
