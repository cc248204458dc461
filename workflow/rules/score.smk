# One process scores a model, all mixtures of two, or all checkpoints of a series, so that it reads data sets and imports
# libraries once.
SCORES = "results/{study}/{experiment}/{run}/seed-{seed}/{file}.parquet"


rule score_clip:
    input:
        unpack(lambda w: scoring.inputs(study, w.experiment, w.run, w.file, w.seed)),
        code=lambda w: code("score_clip", *scoring.modules(study, w.experiment, w.run)),
    output:
        SCORES,
    log:
        "logs/{study}/{experiment}/{run}/seed-{seed}/{file}/score_clip.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
        file="scores",
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "score_clip")
    resources:
        **asks(study, "score_clip"),
    params:
        arguments=lambda w: scoring.arguments(study, w.experiment, w.run, w.file, w.seed),
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} {params.arguments:q} --output {output} 2>&1 | tee {log}"


rule probe_clip:
    input:
        code=code("probe_clip"),
        series="results/{study}/{experiment}/full/default/seed-{seed}/series",
        sets=lambda w: list(study.probe_arguments(w.experiment).values()),
    output:
        "results/{study}/{experiment}/full/default/seed-{seed}/probing.parquet",
    log:
        "logs/{study}/{experiment}/full/default/seed-{seed}/probe_clip.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "score_clip")
    resources:
        **asks(study, "score_clip"),
    params:
        limit=study.limit(),
        sets=lambda w: [f"{name}={folder}" for name, folder in study.probe_arguments(w.experiment).items()],
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} --series {input.series} --sets {params.sets:q} --seed {wildcards.seed} {params.limit}"
        " --output {output} 2>&1 | tee {log}"


rule score_lm:
    input:
        unpack(lambda w: scoring.inputs(study, w.experiment, w.run, w.file, w.seed)),
        code=lambda w: code("score_lm", *scoring.modules(study, w.experiment, w.run)),
    output:
        SCORES,
    log:
        "logs/{study}/{experiment}/{run}/seed-{seed}/{file}/score_lm.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
        file="scores|series",
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "score_lm")
    resources:
        **asks(study, "score_lm"),
    params:
        arguments=lambda w: scoring.arguments(study, w.experiment, w.run, w.file, w.seed),
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} {params.arguments:q} --output {output} 2>&1 | tee {log}"


rule measure_distances:
    input:
        code=code("measure_distances"),
        model=lambda w: study.start_path(w.experiment, w.seed),
        speciality=lambda w: study.speciality_train(w.experiment),
        sets=lambda w: list(study.measured_sets(w.experiment).values()),
    output:
        "results/{study}/{experiment}/pretrained/default/seed-{seed}/distances.csv",
    log:
        "logs/{study}/{experiment}/pretrained/default/seed-{seed}/measure_distances.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "score_lm")
    resources:
        **asks(study, "score_lm"),
    params:
        limit=study.limit(),
        sets=lambda w: [f"{name}={folder}" for name, folder in study.measured_sets(w.experiment).items()],
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} --model {input.model} --speciality {input.speciality} --sets {params.sets:q}"
        " {params.limit} --output {output} 2>&1 | tee {log}"


rule collect_scores:
    input:
        code=code("collect_scores"),
        scores=lambda w: study.score_paths(w.experiment),
    output:
        "results/{study}/{experiment}/scores.csv",
    log:
        "logs/{study}/{experiment}/collect_scores.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        settings=lambda w: as_json(study.collect_settings(w.experiment)),
    shell:
        "python {input.code[0]} --scores {input.scores} --settings {params.settings:q} --output {output} 2>&1 | tee {log}"


rule collect_early_stopping:
    input:
        code=code("collect_scores"),
        scores=lambda w: early.score_files(study, w.experiment),
    output:
        "results/{study}/{experiment}/early_stopping.csv",
    log:
        "logs/{study}/{experiment}/collect_early_stopping.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        settings=lambda w: as_json(early.table_settings(study, w.experiment)),
    shell:
        "python {input.code[0]} --scores {input.scores} --settings {params.settings:q} --output {output} 2>&1 | tee {log}"
