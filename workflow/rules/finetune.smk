FINETUNED = any_of(name for name, method in registry().items() if isinstance(method, Trained))


# The texts that a pre-trained model writes, for methods that rehearse them.
rule sample_lm:
    input:
        model=lambda w: study.start_path(w.experiment, w.seed),
    output:
        directory(results("{experiment}/pretrained/default/seed-{seed}/samples")),
    log:
        logs("{experiment}/pretrained/default/seed-{seed}/sample_lm.log"),
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    threads: cores(study, "score_lm")
    resources:
        **asks(study, "score_lm"),
    params:
        code=fingerprint("sample_lm"),
    shell:
        "cached {params.code} -- {input.model} -- {output} --"
        " run sample_lm --model {input.model} --output {output} 2>&1 | tee {log}"


# Trials and checks come first. They are ancient, so a new one, for one more method or data set, trains nothing again. The
# key of the run cache leaves them out, since a trial's file holds its duration.
for track, kind in KINDS.items():

    rule:
        name:
            f"finetune_{kind}"
        input:
            model=lambda w: study.start_path(w.experiment, start(w.seed)),
            data=lambda w: study.speciality_train(w.experiment),
            beside=lambda w: study.data_beside(w.experiment, w.method, start(w.seed)),
            tried=ancient(lambda w: trying.tried(study, w.experiment, start(w.seed))),
        output:
            model=directory(results("{experiment}/{method}/{setting}/seed-{seed}/model")),
            log=results("{experiment}/{method}/{setting}/seed-{seed}/log.csv"),
        log:
            logs(f"{{experiment}}/{{method}}/{{setting}}/seed-{{seed}}/finetune_{kind}.log"),
        wildcard_constraints:
            experiment=any_of(study.experiments(track)),
            method=FINETUNED,
        conda:
            f"../../envs/{track}.yaml"
        threads: cores(study, f"finetune_{kind}")
        resources:
            **asks(study, f"finetune_{kind}"),
        params:
            code=lambda w, kind=kind: fingerprint(f"finetune_{kind}", module_of(w.method)),
            settings=lambda w: as_json(study.finetune_settings(w.experiment, w.method, w.setting)),
            seed=lambda w: finetuning(w.seed),
        shell:
            "cached {params.code} -- {input.model} {input.data} {input.beside} -- {output} --"
            " launch {resources.gpu} {params.code[0]} --model {input.model} --data {input.data}"
            " --beside {input.beside} --settings {params.settings:q}"
            " --seed {params.seed} --log {output.log} --output {output.model} 2>&1 | tee {log}"


# The series is the same run once more, with checkpoints, so an edit of its steps leaves every score alone. Those of a
# language model are two dozen, 130 GB for models of Galactica's size, and go once they are scored.
for track, kind, tuning, series in [
    ("vision", "clip", "default", directory),
    ("language", "lm", "{setting}", lambda folder: temp(directory(folder))),
]:

    rule:
        name:
            f"finetune_series_{kind}"
        input:
            model=lambda w: study.start_path(w.experiment, start(w.seed)),
            data=lambda w: study.speciality_train(w.experiment),
            tried=ancient(lambda w: trying.tried(study, w.experiment, start(w.seed))),
        output:
            series=series(results(f"{{experiment}}/full/{tuning}/seed-{{seed}}/series")),
            log=results(f"{{experiment}}/full/{tuning}/seed-{{seed}}/series.csv"),
        log:
            logs(f"{{experiment}}/full/{tuning}/seed-{{seed}}/finetune_series_{kind}.log"),
        wildcard_constraints:
            experiment=any_of(study.experiments(track)),
        conda:
            f"../../envs/{track}.yaml"
        threads: cores(study, f"finetune_{kind}")
        resources:
            **asks(study, f"finetune_{kind}"),
        params:
            code=fingerprint(f"finetune_{kind}"),
            settings=lambda w: as_json(early.tuning_settings(study, w.experiment, w.get("setting", "default"))),
            shares=lambda w: study.experiment(w.experiment)["series"],
            seed=lambda w: finetuning(w.seed),
        shell:
            "cached {params.code} -- {input.model} {input.data} -- {output} --"
            " launch {resources.gpu} {params.code[0]} --model {input.model} --data {input.data}"
            " --settings {params.settings:q}"
            " --series {params.shares} --seed {params.seed} --log {output.log} --output {output.series} 2>&1 | tee {log}"


# The shares of blocks that a post-hoc method searches on the speciality's validation split.
for track, kind in KINDS.items():
    if searching := scoring.searching(study, track):

        rule:
            name:
                f"search_{kind}"
            input:
                lambda w: scoring.searched(study, w.experiment, w.run, w.seed),
            output:
                results("{experiment}/{run}/seed-{seed}/shares.csv"),
            log:
                logs(f"{{experiment}}/{{run}}/seed-{{seed}}/search_{kind}.log"),
            wildcard_constraints:
                experiment=any_of(study.experiments(track)),
                run=any_of(searching),
            conda:
                f"../../envs/{track}.yaml"
            threads: cores(study, f"score_{kind}")
            resources:
                **asks(study, f"score_{kind}"),
            params:
                code=lambda w: fingerprint("search_blocks", *scoring.modules(study, w.experiment, w.run)),
                arguments=lambda w: scoring.search(study, w.experiment, w.run, w.seed),
                track=track,
            shell:
                "cached {params.code} -- {input} -- {output} --"
                " run {params.code[0]} --track {params.track} {params.arguments:q} --output {output} 2>&1 | tee {log}"


# These rules run on request alone, for use elsewhere: rules score_clip and score_lm score mixtures without storing them.
for track, kind in KINDS.items():

    rule:
        name:
            f"mix_{kind}"
        input:
            unpack(lambda w: scoring.mixed(study, w.experiment, w.run, w.seed)),
        output:
            directory(results("{experiment}/{run}/{setting}/seed-{seed}/model")),
        log:
            logs(f"{{experiment}}/{{run}}/{{setting}}/seed-{{seed}}/mix_{kind}.log"),
        wildcard_constraints:
            experiment=any_of(study.experiments(track)),
            run=any_of({run for name in study.experiments(track) for run in study.mixtures[name]}),
        conda:
            f"../../envs/{track}.yaml"
        resources:
            **asks(study, "prepare"),
        params:
            code=lambda w: fingerprint("mix", module_of(study.mixtures[w.experiment][w.run].method)),
            method=lambda w: study.mixtures[w.experiment][w.run].method,
            track=track,
            shares=lambda w, input: (
                f"{study.mixtures[w.experiment][w.run].method}={input.shares}" if "shares" in input.keys() else ""
            ),
        shell:
            "run mix --method {params.method} --track {params.track} --setting {wildcards.setting}"
            " --pretrained {input.pretrained} --finetuned {input.finetuned} --shares {params.shares} --output {output}"
            " 2>&1 | tee {log}"


# The model that the verdict chooses between a base and a model that was fine-tuned elsewhere.
for track, kind in KINDS.items():
    if not scoring.judged(study):
        continue

    rule:
        name:
            f"repair_{kind}"
        input:
            unpack(lambda w: scoring.repaired(study, w.experiment, w.method)),
            verdict=page_file(study, "verdict.json"),
        output:
            directory(results("{experiment}/{method}/repaired/seed-none/model")),
        log:
            logs(f"{{experiment}}/{{method}}/repaired/seed-none/repair_{kind}.log"),
        wildcard_constraints:
            experiment=any_of(study.experiments(track)),
            method=any_of(study.given),
        conda:
            f"../../envs/{track}.yaml"
        resources:
            **asks(study, "prepare"),
        params:
            code=fingerprint("mix", *scoring.repairing(study)),
            track=track,
            names=lambda w: scoring.model_names(study, w.experiment, w.method),
            shares=lambda w: scoring.searched_shares(study, w.experiment, w.method),
        shell:
            "run mix --track {params.track} --pretrained {input.pretrained} --finetuned {input.finetuned}"
            " --shares {params.shares} --verdict {input.verdict} --of {wildcards.experiment} {wildcards.method}"
            " --names {params.names:q} --output {output} 2>&1 | tee {log}"
