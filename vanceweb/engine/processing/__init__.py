"""The engine's image work: files and arrays in, files and arrays out, without Django and settings."""
