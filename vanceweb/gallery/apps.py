from django.apps import AppConfig
from PIL import Image

from vanceweb.gallery.sizes import RESULT_MAX_PIXELS


class GalleryConfig(AppConfig):
    name = "vanceweb.gallery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # A fallback for code that doesn't check our limits. Pillow's default would refuse some of the engine's results.
        Image.MAX_IMAGE_PIXELS = RESULT_MAX_PIXELS
