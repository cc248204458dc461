"""The library behind the workflow: it measures what fine-tuning makes a foundation model forget, and what helps.

The room `runtime` serves Snakemake and the machine. No other room knows of them: the scripts beside this package hand
functions plain paths.
"""

SPECIALITY = "speciality"  # the group, in every table of scores, of the data set fine-tuned on; the others: generality
