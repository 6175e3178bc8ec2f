"""The paths of the probe application, apart from it: whoever imports it loads the site."""

BODY_PATH, UNREAD_PATH, SLOW_PATH = "/probe/body", "/probe/unread", "/probe/slow"
SLOW_SECONDS = 1.5
