"""What a study says: its file, read, completed and checked."""
