rule score_clip:
    input:
        code=code("score_clip"),
        model="results/{study}/{experiment}/{method}/{setting}/seed-{seed}/model",
        sets=lambda w: list(study.evaluation_sets(w.experiment).values()),
    output:
        "results/{study}/{experiment}/{method}/{setting}/seed-{seed}/scores.parquet",
    log:
        "logs/{study}/{experiment}/{method}/{setting}/seed-{seed}/score_clip.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "score_clip")
    resources:
        **asks(study, "score_clip"),
    params:
        limit=study.limit(),
        sets=lambda w: study.set_arguments(study.evaluation_sets(w.experiment)),
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} --model {input.model} --sets {params.sets:q} --method {wildcards.method}"
        " --setting {wildcards.setting} --seed {wildcards.seed} {params.limit} --output {output} 2>&1 | tee {log}"


# All interpolations in one process: a picture is read and a library is imported once, not once for each weight.
rule score_clip_wise:
    input:
        code=code("score_clip"),
        pretrained=PRETRAINED,
        finetuned=FULL,
        sets=lambda w: list(study.evaluation_sets(w.experiment).values()),
    output:
        "results/{study}/{experiment}/wise/seed-{seed}/scores.parquet",
    log:
        "logs/{study}/{experiment}/wise/seed-{seed}/score_clip_wise.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "score_clip")
    resources:
        **asks(study, "score_clip"),
    params:
        limit=study.limit(),
        alphas=lambda w: study.alphas(w.experiment),
        sets=lambda w: study.set_arguments(study.evaluation_sets(w.experiment)),
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} --model {input.pretrained} --finetuned {input.finetuned} --alphas {params.alphas}"
        " --sets {params.sets:q} --method wise --seed {wildcards.seed} {params.limit} --output {output} 2>&1 | tee {log}"


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
        code=code("score_lm"),
        model=lambda w: study.run_path(w.experiment, w.method, w.setting, w.seed),
        sets=lambda w: list(study.evaluation_sets(w.experiment).values()),
    output:
        "results/{study}/{experiment}/{method}/{setting}/seed-{seed}/scores.parquet",
    log:
        "logs/{study}/{experiment}/{method}/{setting}/seed-{seed}/score_lm.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "score_lm")
    resources:
        **asks(study, "score_lm"),
    params:
        limit=study.limit(),
        sets=lambda w: study.set_arguments(study.evaluation_sets(w.experiment)),
        generate=lambda w: study.generate(w.experiment),
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} --model {input.model} --sets {params.sets:q} --generate {params.generate:q}"
        " --method {wildcards.method} --setting {wildcards.setting} --seed {wildcards.seed} {params.limit} --output {output}"
        " 2>&1 | tee {log}"


rule score_lm_wise:
    input:
        code=code("score_lm"),
        pretrained=lambda w: study.start_path(w.experiment, w.seed),
        finetuned=FULL,
        sets=lambda w: list(study.evaluation_sets(w.experiment).values()),
    output:
        "results/{study}/{experiment}/wise/seed-{seed}/scores.parquet",
    log:
        "logs/{study}/{experiment}/wise/seed-{seed}/score_lm_wise.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "score_lm")
    resources:
        **asks(study, "score_lm"),
    params:
        limit=study.limit(),
        alphas=lambda w: study.alphas(w.experiment),
        sets=lambda w: study.set_arguments(study.evaluation_sets(w.experiment)),
        generate=lambda w: study.generate(w.experiment),
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} --model {input.pretrained} --finetuned {input.finetuned} --alphas {params.alphas}"
        " --sets {params.sets:q} --generate {params.generate:q} --method wise --seed {wildcards.seed}"
        " {params.limit} --output {output} 2>&1 | tee {log}"


# All checkpoints of a series in one process, for the same reason; with nothing generated, which takes longest.
rule score_lm_series:
    input:
        code=code("score_lm"),
        pretrained=lambda w: study.start_path(w.experiment, w.seed),
        series="results/{study}/{experiment}/full/{setting}/seed-{seed}/series",
        sets=lambda w: list(early.scored_sets(study, w.experiment).values()),
    output:
        "results/{study}/{experiment}/full/{setting}/seed-{seed}/series.parquet",
    log:
        "logs/{study}/{experiment}/full/{setting}/seed-{seed}/score_lm_series.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "score_lm")
    resources:
        **asks(study, "score_lm"),
    params:
        limit=study.limit(),
        sets=lambda w: study.set_arguments(early.scored_sets(study, w.experiment)),
    shell:
        "cached {input} -- {output} --"
        " python {input.code[0]} --model {input.pretrained} --series {input.series} --sets {params.sets:q}"
        " --method {wildcards.setting} --seed {wildcards.seed} {params.limit} --output {output} 2>&1 | tee {log}"


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
