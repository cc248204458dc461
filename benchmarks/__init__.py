"""Speed side by side: our ways against others on the same work, or against a limit. `make bench`; BENCHMARKS.md."""
