"""Enlarge photos and drawings."""
