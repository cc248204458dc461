"""Archives that a study fetches, checks and unpacks."""
