"""The surroundings of a job: Snakemake, the machine, the cluster and the command line."""
