"""What a study plans: its runs, the files that they make, and what each of them depends on."""
