"""Stable Diffusion, where its weights have been brought."""
