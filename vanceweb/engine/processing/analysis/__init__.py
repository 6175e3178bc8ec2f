"""Measurements of a picture: noise, blur, JPEG blocks, outlines."""
