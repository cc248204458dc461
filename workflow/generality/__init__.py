"""The library behind the workflow: it measures what fine-tuning makes a foundation model forget, and what helps.

Nothing in here knows of Snakemake; the scripts beside this package hand its functions plain paths.
"""
