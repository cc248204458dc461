"""From a source to the canonical form: image sets on disk."""
