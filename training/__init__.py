"""Training of the networks no package registry carries. Not part of the site: needs requirements/training.txt."""
