"""Colour grey pictures, and recolour them by a prompt."""
