"""Remove blur and compression artefacts."""
