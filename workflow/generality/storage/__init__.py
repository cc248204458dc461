"""Storage: whole files, weights, checkpoints, scores and unfinished work."""
