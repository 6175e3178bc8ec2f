from django.apps import AppConfig
from django.conf import settings
from PIL import Image


class GalleryConfig(AppConfig):
    name = "vanceweb.gallery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Pillow's own limit, for whatever forgets ours; at its default it would refuse results that the engine makes.
        Image.MAX_IMAGE_PIXELS = settings.RESULT_MAX_PIXELS
