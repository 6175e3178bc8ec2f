from django.apps import AppConfig


class LibTestsConfig(AppConfig):
    name = "tests.lib"
    label = "lib_tests"
    default_auto_field = "django.db.models.BigAutoField"
