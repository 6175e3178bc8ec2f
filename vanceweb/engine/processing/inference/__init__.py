"""Neural networks: which backends there are, how they are loaded and run."""
