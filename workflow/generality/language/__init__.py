"""The language track: causal language models, their training objective and their scorer."""
