"""The WSGI application of the whole site, including the paths of the bundled engine."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
application = get_wsgi_application()
