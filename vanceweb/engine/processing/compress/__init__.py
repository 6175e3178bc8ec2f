"""Write smaller files."""
