"""Neural networks: the declaration of backends, and their loading and running."""
