"""The plan of a study: its runs, the files that they make, and the dependencies of each."""
