"""A database backend that counts statements, for the bench only."""
