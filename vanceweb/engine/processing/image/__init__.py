"""Pictures as arrays: reading, writing, metadata, alpha, tiles and resampling."""
