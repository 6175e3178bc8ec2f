"""Measures of the engine's speed, quality and memory, as ratios to references taken in the same run."""
