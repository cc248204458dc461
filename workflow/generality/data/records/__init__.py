"""Text sets of records: files or a data set of the hub, by the names of their fields."""
