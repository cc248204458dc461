"""Image sets of picture files in folders."""
