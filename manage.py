#!/usr/bin/env python
"""Django's command line for vanceweb."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from environs import EnvError

from vanceweb.lib.data_folder import check_keys_and_folders

# These commands create the data folder or don't use it.
COMMANDS_WITHOUT_DATA = {
    "check",
    "collectstatic",
    "compilemessages",
    "help",
    "install_models",
    "makemessages",
    "makemigrations",
    "models",
    "prepare",
    "up",
    "version",
}


def uses_data(arguments: list[str]) -> bool:
    """Return whether the command line needs the keys and folders of a prepared data folder."""
    is_question = not arguments or arguments[0].startswith("-") or {"-h", "--help"}.intersection(arguments)
    return not is_question and arguments[0] not in COMMANDS_WITHOUT_DATA


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - loads the settings, which raises the errors of the environment
        if uses_data(sys.argv[1:]):
            check_keys_and_folders(settings)
    except (OSError, EnvError, ImproperlyConfigured) as error:
        sys.exit(f"vanceweb can't start with this environment: {error}")
    execute_from_command_line(sys.argv)
