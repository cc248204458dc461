# One process scores a model, all mixtures of two, or all checkpoints of a series, so that it reads data sets and imports
# libraries once.
for track, kind in KINDS.items():

    rule:
        name:
            f"score_{kind}"
        input:
            unpack(lambda w: scoring.inputs(study, w.experiment, w.run, w.file, w.seed)),
        output:
            results("{experiment}/{run}/seed-{seed}/{file}.parquet"),
        log:
            logs(f"{{experiment}}/{{run}}/seed-{{seed}}/{{file}}/score_{kind}.log"),
        wildcard_constraints:
            experiment=any_of(study.experiments(track)),
            file="scores|series" if track == "language" else "scores",
        conda:
            f"../../envs/{track}.yaml"
        threads: cores(study, f"score_{kind}")
        resources:
            **asks(study, f"score_{kind}"),
        params:
            code=lambda w, kind=kind: fingerprint(f"score_{kind}", *scoring.modules(study, w.experiment, w.run)),
            arguments=lambda w: scoring.arguments(study, w.experiment, w.run, w.file, w.seed),
        shell:
            "cached {params.code} -- {input} -- {output} --"
            " run {params.code[0]} {params.arguments:q} --output {output} 2>&1 | tee {log}"


rule probe_clip:
    input:
        series=results("{experiment}/full/default/seed-{seed}/series"),
        sets=lambda w: list(study.probed_sets(w.experiment).values()),
    output:
        results("{experiment}/full/default/seed-{seed}/probing.parquet"),
    log:
        logs("{experiment}/full/default/seed-{seed}/probe_clip.log"),
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "score_clip")
    resources:
        **asks(study, "score_clip"),
    params:
        code=fingerprint("probe_clip"),
        limit=study.limit(),
        sets=lambda w: study.set_arguments(study.probed_sets(w.experiment)),
    shell:
        "cached {params.code} -- {input} -- {output} --"
        " run probe_clip --series {input.series} --sets {params.sets:q} --seed {wildcards.seed}"
        " {params.limit} --output {output} 2>&1 | tee {log}"


rule measure_distances:
    input:
        model=lambda w: study.start_path(w.experiment, w.seed),
        speciality=lambda w: study.speciality_train(w.experiment),
        sets=lambda w: list(study.measured_sets(w.experiment).values()),
    output:
        results("{experiment}/pretrained/default/seed-{seed}/distances.csv"),
    log:
        logs("{experiment}/pretrained/default/seed-{seed}/measure_distances.log"),
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "score_lm")
    resources:
        **asks(study, "score_lm"),
    params:
        code=fingerprint("measure_distances"),
        limit=study.limit(),
        sets=lambda w: [f"{name}={folder}" for name, folder in study.measured_sets(w.experiment).items()],
    shell:
        "cached {params.code} -- {input} -- {output} --"
        " run measure_distances --model {input.model} --speciality {input.speciality}"
        " --sets {params.sets:q} {params.limit} --output {output} 2>&1 | tee {log}"


# The tables of all scores, and of those that early stopping is judged by. Parts of the report read the rows of single
# examples from one file, since each score file among their inputs costs time in every plan.
for table, files, settings in [
    ("scores", study.score_paths, study.collect_settings),
    ("early_stopping", functools.partial(early.score_files, study), functools.partial(early.table_settings, study)),
]:

    rule:
        name:
            f"collect_{table}"
        input:
            scores=lambda w, files=files: files(w.experiment),
        output:
            table=results(f"{{experiment}}/{table}.csv"),
            rows=results(f"{{experiment}}/{table}.parquet"),
        log:
            logs(f"{{experiment}}/collect_{table}.log"),
        localrule: True
        conda:
            "../../envs/report.yaml"
        params:
            code=fingerprint("collect_scores"),
            settings=lambda w, settings=settings: as_json(settings(w.experiment)),
        shell:
            "run collect_scores --scores {input.scores} --settings {params.settings:q}"
            " --rows {output.rows} --output {output.table} 2>&1 | tee {log}"


# This rule runs on request alone: other programs read the layout of lm-evaluation-harness.
rule export_scores:
    input:
        results("{experiment}/scores.parquet"),
    output:
        directory(results("{experiment}/lm_eval")),
    log:
        logs("{experiment}/export_scores.log"),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=fingerprint("export_scores"),
    shell:
        "run export_scores --scores {input} --output {output} 2>&1 | tee {log}"
