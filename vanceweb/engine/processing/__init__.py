"""The engine's image work: files and arrays in, files and arrays out. No Django and no settings in here."""
