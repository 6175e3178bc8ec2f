"""Light and colours of whole photos: haze, contrast, white balance."""
