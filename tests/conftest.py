"""What every test stands on."""

from hypothesis import settings

# The same examples in every run: a failure in CI is a failure at the desk.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
