"""Where jobs run: Snakemake, the machine, the cluster, and the command line."""
