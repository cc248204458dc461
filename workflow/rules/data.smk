# A rule for each source of the study's data sets. Its module (generality/sources/data) declares the inputs and the
# function. A rule that makes nothing would cost time in every plan, since Snakemake tries it for each file.
for source in data_sources().values():
    if not study.sets(source.name):
        continue

    rule:
        name:
            f"make_{source.name}"
        input:
            data=lambda w: users_inputs(
                study.data_files(w.set, w.domain),
                study.data_sources(w.set, w.domain),
                study.data_path(f"{w.set}/{w.domain}", w.split),
            ),
        output:
            directory(results("data/{set}/{domain}/{split}")),
        log:
            logs(f"data/{{set}}/{{domain}}/{{split}}/make_{source.name}.log"),
        wildcard_constraints:
            set=any_of(study.sets(source.name)),
        localrule: source.stage is None
        conda:
            f"../../envs/{source.track}.yaml"
        threads: cores(study, source.stage)
        resources:
            **asks(study, source.stage),
        params:
            code=fingerprint("make", source.module),
            function=source.function,
            arguments=lambda w: as_json(study.making(w.set, w.domain, w.split)),
            # The mark stands for the pictures, which are too many to be inputs.
            mark=lambda w: mark_of_pictures(study.own_folders(w.set, w.domain)),
        shell:
            "run make --function {params.function} --arguments {params.arguments:q} --workers {threads}"
            " --output {output} 2>&1 | tee {log}"
