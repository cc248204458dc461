"""One training loop and one registry of methods for both tracks."""
