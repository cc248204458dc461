"""The vision track: CLIP, the image classifier, its training objective and its scorer."""
