REPORT = study.config["report"]
LOG = f"logs/{study.name}/report"


rule render_table:
    input:
        code=code("render_table"),
        scores=lambda w: [study.table_path(experiment) for experiment in study.shown(w.table)],
    output:
        expand("{folder}/{{table}}.{suffix}", folder=REPORT["folder"], suffix=["csv", "md", "tex"]),
    log:
        f"{LOG}/{{table}}.log",
    wildcard_constraints:
        table=any_of(part for part in REPORT if part.startswith("table")),
    conda:
        "../../envs/report.yaml"
    params:
        labels=as_json({method: look["label"] for method, look in REPORT["style"].items()}),
        number=lambda w: w.table.removeprefix("table"),
    shell:
        "python {input.code[0]} --scores {input.scores} --paper-table {params.number} --labels {params.labels:q}"
        " --label tab:{wildcards.table} --output {output} 2>&1 | tee {log}"


rule plot_tradeoff:
    input:
        code=code("plot_tradeoff"),
        scores=lambda w: [study.table_path(experiment) for experiment in study.shown(w.figure)],
    output:
        expand("{folder}/{{figure}}.{suffix}", folder=REPORT["folder"], suffix=REPORT["formats"]),
    log:
        f"{LOG}/{{figure}}.log",
    wildcard_constraints:
        figure=any_of({"figure4", "figure5", "figure6"}.intersection(REPORT)),
    conda:
        "../../envs/report.yaml"
    params:
        style=as_json(REPORT["style"]),
        groups=lambda w: study.groups(w.figure),
    shell:
        "python {input.code[0]} --panel {input.scores} {params.groups} --style {params.style:q} --output {output}"
        " 2>&1 | tee {log}"


rule plot_distance:
    input:
        code=code("plot_distance"),
        scores=lambda w: [study.table_path(experiment) for experiment in study.shown(w.figure)],
        distances=lambda w: study.distance_paths(w.figure),
    output:
        expand("{folder}/{{figure}}.{suffix}", folder=REPORT["folder"], suffix=REPORT["formats"]),
    log:
        f"{LOG}/{{figure}}.log",
    wildcard_constraints:
        figure=any_of({"figure3"}.intersection(REPORT)),
    conda:
        "../../envs/report.yaml"
    params:
        style=as_json(REPORT["style"]),
        groups=lambda w: study.groups(w.figure),
    shell:
        "python {input.code[0]} --scores {input.scores} --distances {input.distances} {params.groups}"
        " --style {params.style:q} --output {output} 2>&1 | tee {log}"


rule plot_probing:
    input:
        code=code("plot_probing"),
        probing=lambda w: study.probe_paths(w.figure),
    output:
        expand("{folder}/{{figure}}.{suffix}", folder=REPORT["folder"], suffix=REPORT["formats"]),
    log:
        f"{LOG}/{{figure}}.log",
    wildcard_constraints:
        figure=any_of({"figure8"}.intersection(REPORT)),
    conda:
        "../../envs/report.yaml"
    params:
        style=as_json({method: look for method, look in REPORT["style"].items() if method == "full"}),
    shell:
        "python {input.code[0]} --probing {input.probing} --style {params.style:q} --output {output} 2>&1 | tee {log}"


rule plot_samples:
    input:
        code=code("plot_samples"),
        sets=lambda w: list(study.samples(w.figure).values()),
    output:
        expand("{folder}/{{figure}}.{suffix}", folder=REPORT["folder"], suffix=REPORT["formats"]),
    log:
        f"{LOG}/{{figure}}.log",
    wildcard_constraints:
        figure=any_of({"figure2"}.intersection(REPORT)),
    conda:
        "../../envs/report.yaml"
    params:
        sets=lambda w: [f"{name}={folder}" for name, folder in study.samples(w.figure).items()],
        examples=lambda w: REPORT[w.figure]["examples"],
    shell:
        "python {input.code[0]} --set {params.sets:q} --examples {params.examples} --output {output} 2>&1 | tee {log}"
