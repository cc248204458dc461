"""The language track: causal language models, the training objective and the scorer."""
