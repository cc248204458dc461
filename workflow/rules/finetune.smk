FINETUNED = any_of(name for name, method in registry().items() if isinstance(method, Trained))


# Trials and checks come first. They are ancient, so a new one, for one more method or data set, trains nothing again. The
# key of the run cache leaves them out, since a trial's file holds its duration.
for track, kind in KINDS.items():

    rule:
        name:
            f"finetune_{kind}"
        input:
            code=lambda w, kind=kind: code(f"finetune_{kind}", module_of(w.method)),
            model=lambda w: study.start_path(w.experiment, w.seed),
            data=lambda w: study.speciality_train(w.experiment),
            tried=ancient(lambda w: trying.tried(study, w.experiment, w.seed)),
        output:
            model=directory("results/{study}/{experiment}/{method}/{setting}/seed-{seed}/model"),
            log="results/{study}/{experiment}/{method}/{setting}/seed-{seed}/log.csv",
        log:
            f"logs/{{study}}/{{experiment}}/{{method}}/{{setting}}/seed-{{seed}}/finetune_{kind}.log",
        wildcard_constraints:
            experiment=any_of(study.experiments(track)),
            method=FINETUNED,
        conda:
            f"../../envs/{track}.yaml"
        threads: cores(study, f"finetune_{kind}")
        resources:
            **asks(study, f"finetune_{kind}"),
        params:
            settings=lambda w: as_json(study.finetune_settings(w.experiment, w.method, w.setting)),
        shell:
            "cached {input.code} {input.model} {input.data} -- {output} --"
            " launch {resources.gpu} {input.code[0]} --model {input.model} --data {input.data} --settings {params.settings:q}"
            " --seed {wildcards.seed} --log {output.log} --output {output.model} 2>&1 | tee {log}"


# The series is the same run once more, with checkpoints, so an edit of its steps leaves every score alone.
rule finetune_series_clip:
    input:
        code=code("finetune_clip"),
        model=lambda w: study.start_path(w.experiment, w.seed),
        data=lambda w: study.speciality_train(w.experiment),
        tried=ancient(lambda w: trying.tried(study, w.experiment, w.seed)),
    output:
        series=directory("results/{study}/{experiment}/full/default/seed-{seed}/series"),
        log="results/{study}/{experiment}/full/default/seed-{seed}/series.csv",
    log:
        "logs/{study}/{experiment}/full/default/seed-{seed}/finetune_series_clip.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "finetune_clip")
    resources:
        **asks(study, "finetune_clip"),
    params:
        settings=lambda w: as_json(study.finetune_settings(w.experiment, "full", "default")),
        shares=lambda w: study.experiment(w.experiment)["series"],
    shell:
        "cached {input.code} {input.model} {input.data} -- {output} --"
        " launch {resources.gpu} {input.code[0]} --model {input.model} --data {input.data} --settings {params.settings:q}"
        " --series {params.shares} --seed {wildcards.seed} --log {output.log} --output {output.series} 2>&1 | tee {log}"


rule finetune_series_lm:
    input:
        code=code("finetune_lm"),
        model=lambda w: study.start_path(w.experiment, w.seed),
        data=lambda w: study.speciality_train(w.experiment),
        tried=ancient(lambda w: trying.tried(study, w.experiment, w.seed)),
    output:
        # Two dozen models, needed until they are scored; 130 GB for models of Galactica's size.
        series=temp(directory("results/{study}/{experiment}/full/{setting}/seed-{seed}/series")),
        log="results/{study}/{experiment}/full/{setting}/seed-{seed}/series.csv",
    log:
        "logs/{study}/{experiment}/full/{setting}/seed-{seed}/finetune_series_lm.log",
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "finetune_lm")
    resources:
        **asks(study, "finetune_lm"),
    params:
        settings=lambda w: as_json(early.tuning_settings(study, w.experiment, w.setting)),
        shares=lambda w: study.experiment(w.experiment)["series"],
    shell:
        "cached {input.code} {input.model} {input.data} -- {output} --"
        " launch {resources.gpu} {input.code[0]} --model {input.model} --data {input.data} --settings {params.settings:q}"
        " --series {params.shares} --seed {wildcards.seed} --log {output.log} --output {output.series} 2>&1 | tee {log}"


# This rule runs on request alone, for use elsewhere: rules score_clip and score_lm score mixtures without storing them.
rule mix:
    input:
        code=lambda w: code("mix", module_of(study.mixtures[w.experiment][w.run].method)),
        pretrained=lambda w: study.start_path(w.experiment, w.seed),
        finetuned=lambda w: scoring.inputs(study, w.experiment, w.run, "scores", w.seed)["finetuned"],
    output:
        directory("results/{study}/{experiment}/{run}/{setting}/seed-{seed}/model"),
    log:
        "logs/{study}/{experiment}/{run}/{setting}/seed-{seed}/mix.log",
    wildcard_constraints:
        run=any_of({run for runs in study.mixtures.values() for run in runs}),
    conda:
        "../../envs/vision.yaml"
    resources:
        **asks(study, "prepare"),
    params:
        method=lambda w: study.mixtures[w.experiment][w.run].method,
    shell:
        "python {input.code[0]} --method {params.method} --setting {wildcards.setting} --pretrained {input.pretrained}"
        " --finetuned {input.finetuned} --output {output} 2>&1 | tee {log}"
