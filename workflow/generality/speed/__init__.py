"""Benchmarks of fine-tuning the paper's models: speed and memory; see BENCHMARKS.md."""
