"""The training loop of both tracks and its parts."""
