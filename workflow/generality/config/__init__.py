"""The study file: read, completed and checked."""
