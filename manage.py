#!/usr/bin/env python
"""Django's command line for vanceweb."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from environs import EnvError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
    try:
        # Loading the settings creates keys and folders, so a folder that isn't writable raises an error here.
        settings.INSTALLED_APPS  # noqa: B018
    except (OSError, EnvError, ImproperlyConfigured) as error:
        sys.exit(f"vanceweb can't start with this environment: {error}")
    execute_from_command_line(sys.argv)
