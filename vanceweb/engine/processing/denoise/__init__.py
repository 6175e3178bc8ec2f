"""Remove noise."""
