"""Repair damaged prints and restore blurry photos."""
