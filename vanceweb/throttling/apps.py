from django.apps import AppConfig


class ThrottlingConfig(AppConfig):
    name = "vanceweb.throttling"
    default_auto_field = "django.db.models.BigAutoField"
