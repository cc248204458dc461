from generality.speed.settings import SETTINGS as BENCH


# This target is for a machine with a GPU: `snakemake --cores 4 bench`. No report needs it (BENCHMARKS.md).
rule bench:
    output:
        "reports/bench.json",
        "reports/bench.md",
    log:
        "logs/bench/bench.log",
    conda:
        "../../envs/bench.yaml"
    threads: 4
    resources:
        gpu=1,
        mem_mb=48000,  # several copies of a model of 5 GB
        runtime=120,  # minutes; four times the time of an H100
    params:
        code=fingerprint(
            "bench_training", *(module_of(name) for model in BENCH["models"].values() for name in model["methods"])
        ),
        settings=as_json(BENCH),
    shell:
        "run bench_training --settings {params.settings:q} --output {output} 2>&1 | tee {log}"
