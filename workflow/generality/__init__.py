"""What a foundation model forgets when it is fine-tuned, and what helps: the library behind the workflow.

The room `runtime` serves Snakemake and the machine. No other room knows of them: the scripts beside this package hand
functions plain paths.
"""

SPECIALITY = "speciality"  # the group, in every table of scores, of the data set fine-tuned on; the others: generality
