"""What a foundation model forgets when it is fine-tuned, and what helps: the library behind the workflow.

Nothing in here knows of Snakemake; the scripts beside this package hand its functions plain paths.
"""
