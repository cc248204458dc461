include: "workflow/Snakefile"


# This rule names the default target, since Snakemake takes none from an included file.
rule default:
    default_target: True
    input:
        rules.all.input,
