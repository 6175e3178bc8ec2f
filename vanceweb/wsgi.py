"""The WSGI application of the whole site, including the paths of the bundled engine."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from vanceweb.lib.data_folder import check_keys_and_folders
from vanceweb.lib.request_charset import filter_charsets

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
# A server that is started without `manage.py up` refuses to serve instead of failing at the first request.
check_keys_and_folders(settings)
application = filter_charsets(get_wsgi_application())
