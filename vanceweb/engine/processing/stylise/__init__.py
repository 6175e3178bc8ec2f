"""Redraw photos as cartoons, anime and in drawn styles."""
