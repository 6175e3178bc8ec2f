"""Pages: their language, numbers and dates, and the length of lists."""

from vanceweb.settings.base import BASE_DIR

# All texts go through gettext. So far there is one language, so no middleware selects one.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# One or two screens of each list. The next page needs a click or, in the gallery, scrolling.
JOBS_PAGE_ROWS = 40
GALLERY_PAGE_TILES = 60
USAGE_PAGE_ROWS = 50
AUDIT_PAGE_ROWS = 50
STATUS_ERRORS = 25
