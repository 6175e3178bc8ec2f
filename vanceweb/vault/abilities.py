"""What a connection's service can do. The bundled engine says it itself; of others it shows when they answer."""

from collections.abc import Callable
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from vanceweb.catalogue.feature import Feature
from vanceweb.vault.models import Connection


@cache
def bundled_modules() -> frozenset[str]:
    """The modules that the bundled engine has so far."""
    return cast(Callable[[], frozenset[str]], import_string(settings.BUNDLED_AVAILABLE_MODULES))()


def offers(connection: Connection, feature: Feature) -> bool:
    """Whether the connection's service has the feature, as far as is known before it is asked."""
    return not connection.is_bundled or feature.module in bundled_modules()
