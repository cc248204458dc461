from generality.plan.page import answer_settings, page_config, page_experiments, page_parts
from generality.plan.tables import example_sets, recipe, training_logs

REPORT = study.config["report"] | {"formats": study.figure_formats()}
PAGE_PARTS = page_parts(study, config["captions"])
LOG = f"logs/{study.name}/report"


rule render_table:
    input:
        code=code("render_table"),
        paper=resource("paper_tables.csv"),
        scores=lambda w: [study.table_path(experiment) for experiment in study.shown(w.table)],
    output:
        part_files("{table}", ["csv", "html", "md", "tex"]),
    log:
        f"{LOG}/{{table}}/render_table.log",
    wildcard_constraints:
        table=any_of(part for part in REPORT if part.startswith("table") and "experiment" in REPORT[part]),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        labels=lambda w: as_json(study.labels(w.table)),
        number=lambda w: w.table.removeprefix("table"),
    shell:
        "python {input.code[0]} --scores {input.scores} --paper-table {params.number} --labels {params.labels:q}"
        " --label tab:{wildcards.table} --output {output} 2>&1 | tee {log}"


rule render_examples:
    input:
        code=code("render_examples"),
        sets=lambda w: list(example_sets(study, w.table).values()),
    output:
        part_files("{table}", ["csv", "html", "md", "tex"]),
    log:
        f"{LOG}/{{table}}/render_examples.log",
    wildcard_constraints:
        table=any_of({"table1"}.intersection(REPORT)),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        sets=lambda w: [f"{name}={folder}" for name, folder in example_sets(study, w.table).items()],
    shell:
        "python {input.code[0]} --set {params.sets:q} --label tab:{wildcards.table} --output {output} 2>&1 | tee {log}"


rule render_hyperparameters:
    input:
        code=code("render_hyperparameters"),
        paper=[resource("paper_settings.csv"), resource("paper_tables.csv")],
        logs=lambda w: training_logs(study, w.table),
        data=lambda w: [study.speciality_train(experiment) for experiment in study.shown(w.table)],
    output:
        part_files("{table}", ["csv", "html", "md", "tex"]),
    log:
        f"{LOG}/{{table}}/render_hyperparameters.log",
    wildcard_constraints:
        table=any_of({"table2", "table3"}.intersection(REPORT)),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        recipes=lambda w: as_json({experiment: recipe(study, experiment) for experiment in study.shown(w.table)}),
        labels=lambda w: as_json(study.labels(w.table)),
    shell:
        "python {input.code[0]} --recipes {params.recipes:q} --log {input.logs} --data {input.data}"
        " --labels {params.labels:q} --label tab:{wildcards.table} --output {output} 2>&1 | tee {log}"


rule plot_tradeoff:
    input:
        code=code("plot_tradeoff"),
        scores=lambda w: [study.table_path(experiment) for experiment in study.shown(w.figure)],
    output:
        pictures=part_files("{figure}", REPORT["formats"]),
        data=part_files("{figure}", ["csv"]),
    log:
        f"{LOG}/{{figure}}/plot_tradeoff.log",
    wildcard_constraints:
        figure=any_of({"figure4", "figure5", "figure6"}.intersection(REPORT)),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        style=lambda w: as_json(study.looks(w.figure)),
        groups=lambda w: study.groups(w.figure),
    shell:
        "python {input.code[0]} --panel {input.scores} {params.groups} --style {params.style:q}"
        " --output {output.pictures} --data {output.data} 2>&1 | tee {log}"


rule plot_distance:
    input:
        code=code("plot_distance"),
        scores=lambda w: [study.table_path(experiment) for experiment in study.shown(w.figure)],
        distances=lambda w: study.distance_paths(w.figure),
    output:
        pictures=part_files("{figure}", REPORT["formats"]),
        data=part_files("{figure}", ["csv"]),
    log:
        f"{LOG}/{{figure}}/plot_distance.log",
    wildcard_constraints:
        figure=any_of({"figure3"}.intersection(REPORT)),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        style=lambda w: as_json(
            {method: {"label": look["label"]} for method, look in REPORT["style"].items() if method == "full"}
        ),
        groups=lambda w: study.groups(w.figure),
    shell:
        "python {input.code[0]} --scores {input.scores} --distances {input.distances} {params.groups}"
        " --style {params.style:q} --output {output.pictures} --data {output.data} 2>&1 | tee {log}"


rule plot_probing:
    input:
        code=code("plot_probing"),
        probing=lambda w: study.probe_paths(w.figure),
    output:
        pictures=part_files("{figure}", REPORT["formats"]),
        data=part_files("{figure}", ["csv"]),
    log:
        f"{LOG}/{{figure}}/plot_probing.log",
    wildcard_constraints:
        figure=any_of({"figure8"}.intersection(REPORT)),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        style=lambda w: as_json({method: look for method, look in REPORT["style"].items() if method == "full"}),
    shell:
        "python {input.code[0]} --probing {input.probing} --style {params.style:q}"
        " --output {output.pictures} --data {output.data} 2>&1 | tee {log}"


rule plot_early_stopping:
    input:
        code=code("plot_early_stopping"),
        scores=lambda w: [early.table_path(study, experiment) for experiment in study.shown(w.figure)],
    output:
        pictures=part_files("{figure}", REPORT["formats"]),
        data=part_files("{figure}", ["csv"]),
    log:
        f"{LOG}/{{figure}}/plot_early_stopping.log",
    wildcard_constraints:
        figure=any_of({"figure9"}.intersection(REPORT)),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        tunings=lambda w: as_json(early.tunings(study, REPORT[w.figure]["experiment"])),
        style=lambda w: as_json({method: look for method, look in REPORT["style"].items() if method in early.COMPARED}),
    shell:
        "python {input.code[0]} --scores {input.scores} --tunings {params.tunings:q} --style {params.style:q}"
        " --output {output.pictures} --data {output.data} 2>&1 | tee {log}"


rule plot_samples:
    input:
        code=code("plot_samples"),
        sets=lambda w: list(study.samples(w.figure).values()),
    output:
        pictures=part_files("{figure}", REPORT["formats"]),
        data=part_files("{figure}", ["csv"]),
    log:
        f"{LOG}/{{figure}}/plot_samples.log",
    wildcard_constraints:
        figure=any_of({"figure2"}.intersection(REPORT)),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        sets=lambda w: [f"{name}={folder}" for name, folder in study.samples(w.figure).items()],
        examples=lambda w: REPORT[w.figure]["examples"],
    shell:
        "python {input.code[0]} --set {params.sets:q} --examples {params.examples}"
        " --output {output.pictures} --data {output.data} 2>&1 | tee {log}"


rule render_tradeoff:
    input:
        code=code("render_tradeoff"),
        scores=lambda w: [path for name in study.shown("tradeoff") for path in study.score_paths(name)],
        tables=lambda w: [study.table_path(name) for name in study.shown("tradeoff")],
    output:
        part_files("tradeoff", ["csv", "md"]),
    log:
        f"{LOG}/tradeoff/render_tradeoff.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        experiments=lambda w: as_json(list(study.example_scores("tradeoff").values())),
        labels=lambda w: as_json(study.labels("tradeoff")),
    shell:
        "python {input.code[0]} --experiments {params.experiments:q} --labels {params.labels:q} --output {output}"
        " 2>&1 | tee {log}"


rule render_claims:
    input:
        code=code("render_claims"),
        scores=lambda w: [path for name in study.shown("claims") for path in study.score_paths(name)],
        tables=lambda w: [study.table_path(name) for name in study.shown("claims")],
        probing=lambda w: study.probed().get("files", []),
        series=lambda w: early.claimed(study).get("scores", {}).get("scores", []),
        series_table=lambda w: early.claimed(study).get("scores", {}).get("table", []),
    output:
        part_files("claims", ["json", "md"]),
    log:
        f"{LOG}/claims/render_claims.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        experiments=lambda w: as_json(study.example_scores("claims")),
        probed=lambda w: as_json(study.probed()),
        followed=lambda w: as_json(early.claimed(study)),
    shell:
        "python {input.code[0]} --experiments {params.experiments:q} --probed {params.probed:q}"
        " --followed {params.followed:q} --output {output} 2>&1 | tee {log}"


rule render_answer:
    input:
        code=code("render_answer"),
        scores=[path for settings in answer_settings(study) for path in settings["scores"]],
        tables=[settings["table"] for settings in answer_settings(study)],
    output:
        page_file(study, "answer.csv"),
    log:
        f"{LOG}/answer/render_answer.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        experiments=lambda w: as_json(answer_settings(study)),
    shell:
        "python {input.code[0]} --experiments {params.experiments:q} --output {output} 2>&1 | tee {log}"


rule render_report:
    input:
        code=code("render_report"),
        looks=[resource(f"page/page.{suffix}") for suffix in ["html", "css", "js"]],
        answer=page_file(study, "answer.csv"),
        provenance=page_file(study, "provenance.json"),
        parts=[path for part in PAGE_PARTS for path in part["files"].values()],
    output:
        page_file(study, "report.html"),
    log:
        f"{LOG}/report/render_report.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        study=study.name,
        # Functions: in a text, a template of the study ("{question}") would be taken for a wildcard.
        experiments=lambda w: as_json(page_experiments(study)),
        parts=lambda w: as_json(PAGE_PARTS),
        config=lambda w: page_config(study),
        labels=lambda w: as_json({method: look["label"] for method, look in REPORT["style"].items()}),
    shell:
        "python {input.code[0]} --study {params.study} --experiments {params.experiments:q} --parts {params.parts:q}"
        " --answer {input.answer} --provenance {input.provenance} --config {params.config:q} --labels {params.labels:q}"
        " --output {output} 2>&1 | tee {log}"
