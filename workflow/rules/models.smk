# A rule for each source of the study's models. Its module (generality/sources/models) declares the inputs and the
# function.
for source in model_sources().values():
    if not study.models(source.name):
        continue

    if source.pretrains:

        rule:
            name:
                source.name
            input:
                data=lambda w: list(study.pretraining_data(w.model).values()),
            output:
                directory(results("models/{model}/seed-{seed}")),
            log:
                text=logs(f"models/{{model}}/seed-{{seed}}/{source.name}.log"),
                steps=logs(f"models/{{model}}/seed-{{seed}}/{source.name}.csv"),
            wildcard_constraints:
                model=any_of(study.models(source.name)),
            # Every job of a track waits for its model, so no other job should take its core.
            priority: 1
            conda:
                f"../../envs/{source.track}.yaml"
            threads: cores(study, "pretrain")
            resources:
                **asks(study, "pretrain"),
            params:
                code=fingerprint("make", source.module),
                function=source.function,
                arguments=lambda w: as_json(study.model_making(w.model, seed=int(w.seed))),
            shell:
                "cached {params.code} -- {input} -- {output} --"
                " run make --function {params.function} --arguments {params.arguments:q}"
                " --log {log.steps} --output {output} 2>&1 | tee {log.text}"

    else:

        rule:
            name:
                f"fetch_{source.name}"
            input:
                files=lambda w: users_inputs(
                    study.model_files(w.model), study.model_sources(w.model), f"{study.root}/models/{w.model}/released"
                ),
            output:
                directory(results("models/{model}/released")),
            log:
                logs(f"models/{{model}}/released/fetch_{source.name}.log"),
            wildcard_constraints:
                model=any_of(study.models(source.name)),
            localrule: True
            conda:
                f"../../envs/{source.track}.yaml"
            params:
                code=fingerprint("make", source.module),
                function=source.function,
                arguments=lambda w: as_json(study.model_making(w.model)),
            shell:
                "run make --function {params.function} --arguments {params.arguments:q}"
                " --output {output} 2>&1 | tee {log}"


# A released model takes the whole road once, on a few pictures or tokens, so that any step that fails with it is reported
# before anything is trained.
for track, kind in KINDS.items():
    if not study.released(track):
        continue

    rule:
        name:
            f"try_{kind}"
        input:
            model=results("models/{model}/released"),
        output:
            results("models/{model}/released.tried"),
        log:
            logs(f"models/{{model}}/released/try_{kind}.log"),
        wildcard_constraints:
            model=any_of(study.released(track)),
        conda:
            f"../../envs/{track}.yaml"
        threads: cores(study, f"finetune_{kind}")
        resources:
            **asks(study, f"finetune_{kind}"),
        params:
            code=lambda w, kind=kind: fingerprint(f"try_{kind}", *trying.modules(study, w.model)),
            trials=lambda w: as_json(trying.trials(study, w.model)),
        shell:
            "run {params.code[0]} --model {input.model} --name models.{wildcards.model}"
            " --trials {params.trials:q} --output {output} 2>&1 | tee {log}"


rule check_texts:
    input:
        model=lambda w: study.start_path(w.experiment, w.seed),
        sets=lambda w: list(study.evaluation_sets(w.experiment).values()),
    output:
        results("{experiment}/pretrained/default/seed-{seed}/texts.checked"),
    log:
        logs("{experiment}/pretrained/default/seed-{seed}/check_texts.log"),
    wildcard_constraints:
        experiment=any_of(study.experiments("language")),
    conda:
        "../../envs/language.yaml"
    resources:
        **asks(study, "prepare"),
    params:
        code=fingerprint("check_texts"),
        limit=study.limit(),
        sets=lambda w: study.set_arguments(study.evaluation_sets(w.experiment)),
        generate=lambda w: study.generate(w.experiment),
    shell:
        "run check_texts --model {input.model} --sets {params.sets:q} --generate {params.generate:q}"
        " {params.limit} --output {output} 2>&1 | tee {log}"


# Once the pictures are decoded, the classes of all sets that a CLIP is scored or probed on are known.
rule check_classes:
    input:
        train=lambda w: study.speciality_train(w.experiment),
        sets=lambda w: list(trying.measured_pictures(study, w.experiment).values()),
    output:
        results("{experiment}/classes.checked"),
    log:
        logs("{experiment}/check_classes.log"),
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
    localrule: True
    conda:
        "../../envs/vision.yaml"
    params:
        code=fingerprint("check_classes"),
        sets=lambda w: study.set_arguments(trying.measured_pictures(study, w.experiment)),
    shell:
        "run check_classes --train {input.train} --sets {params.sets:q} --output {output} 2>&1 | tee {log}"


# Every experiment has a head of its own: the same CLIP, other classes. So has each CLIP that was fine-tuned elsewhere.
rule build_classifier:
    input:
        clip=lambda w: study.clip_path(w.experiment, w.method, w.seed),
        data=lambda w: study.speciality_train(w.experiment),
        tried=ancient(lambda w: trying.tried(study, w.experiment, w.seed)),
    output:
        directory(results("{experiment}/{method}/default/seed-{seed}/model")),
    log:
        logs("{experiment}/{method}/default/seed-{seed}/build_classifier.log"),
    wildcard_constraints:
        experiment=any_of(study.experiments("vision")),
        method=any_of([PRETRAINED, *study.given]),
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "score_clip")
    resources:
        **asks(study, "score_clip"),
    params:
        code=fingerprint("build_classifier"),
        templates=lambda w: as_json(study.experiment(w.experiment)["templates"]),
    shell:
        "cached {params.code} -- {input.clip} {input.data} -- {output} --"
        " run build_classifier --clip {input.clip} --data {input.data} --templates {params.templates:q}"
        " --output {output} 2>&1 | tee {log}"


if study.given:

    # A tuned model is compared with its base before anything is scored with it.
    rule check_tuned:
        input:
            base=lambda w: study.start_path(w.experiment, w.seed),
            tuned=lambda w: study.run_path(w.experiment, w.method, "default", w.seed),
        output:
            results("{experiment}/{method}/default/seed-{seed}/tuned.checked"),
        log:
            logs("{experiment}/{method}/default/seed-{seed}/check_tuned.log"),
        wildcard_constraints:
            method=any_of(study.given),
        conda:
            "../../envs/language.yaml"
        resources:
            **asks(study, "prepare"),
        params:
            code=fingerprint("check_tuned"),
        shell:
            "run check_tuned --base {input.base} --tuned {input.tuned}"
            " --name experiments.{wildcards.experiment}.methods.{wildcards.method}.model --output {output}"
            " 2>&1 | tee {log}"
