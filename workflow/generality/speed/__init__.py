"""How fast, and in how much memory, the paper's models are fine-tuned: see BENCHMARKS.md."""
