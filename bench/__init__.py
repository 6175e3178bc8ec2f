"""Benchmarks of the engine's speed, quality and memory, relative to references measured in the same run."""
