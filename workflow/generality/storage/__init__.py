"""What is stored: whole files, weights, checkpoints, scores, and work that is not finished."""
