"""Training of the networks that no package registry offers. Not part of the site: needs requirements/training.txt."""
