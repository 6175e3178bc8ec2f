"""The WSGI application of the whole site, the bundled engine's paths included."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
application = get_wsgi_application()
