"""Settings of the site and of the bundled engine, a module for each subject.

Only this package reads the environment. A setting with a variable is for operators, and `docs/administer.md` lists them
all. The others are Django's, name parts of the site to each other, or are limits that tests vary. Every other limit is
a constant beside its code.
"""

from vanceweb.settings.accounts import *
from vanceweb.settings.application import *
from vanceweb.settings.base import *
from vanceweb.settings.database import *
from vanceweb.settings.engine import *
from vanceweb.settings.files import *
from vanceweb.settings.jobs import *
from vanceweb.settings.log import *
from vanceweb.settings.mail import *
from vanceweb.settings.pages import *
from vanceweb.settings.people import *
from vanceweb.settings.pictures import *
from vanceweb.settings.processes import *
from vanceweb.settings.security import *
from vanceweb.settings.services import *
from vanceweb.settings.throttles import *
from vanceweb.settings.work import *
