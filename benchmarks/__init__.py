"""Compare the project's speed with other programs on the same work, or with a limit (`make bench`, BENCHMARKS.md)."""
