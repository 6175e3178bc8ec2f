"""Shared by all pages: the components of the design system, and the formats of numbers and times."""
