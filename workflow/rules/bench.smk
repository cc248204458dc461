from generality.bench.settings import SETTINGS as BENCH


# A target of its own, on a machine with a GPU: `snakemake --cores 4 bench`. No report needs it (BENCHMARKS.md).
rule bench:
    input:
        code=code("bench_training"),
    output:
        "reports/bench.json",
        "reports/bench.md",
    log:
        "logs/bench/bench.log",
    conda:
        "../../envs/bench.yaml"
    resources:
        gpu=1,
    params:
        settings=as_json(BENCH),
    shell:
        "python {input.code[0]} --settings {params.settings:q} --output {output} 2>&1 | tee {log}"
