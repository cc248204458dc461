"""The vision track: CLIP, its image classifier, its training objective and its scorer."""
