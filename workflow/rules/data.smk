rule render_pictures:
    input:
        code=code("render_pictures"),
    output:
        directory("results/{study}/data/{set}/{domain}/{split}"),
    log:
        "logs/{study}/data/{set}/{domain}/{split}/render_pictures.log",
    wildcard_constraints:
        set=any_of(study.sets("picture_world")),
    localrule: True
    conda:
        "../../envs/vision.yaml"
    params:
        pictures=lambda w: study.generated(w.set, w.split),
    shell:
        "python {input.code[0]} --family {params.pictures[family]} --domain {wildcards.domain} --split {wildcards.split}"
        " --count {params.pictures[count]} --size {params.pictures[size]} --seed {params.pictures[seed]}"
        " --output {output} 2>&1 | tee {log}"


rule decode_images:
    input:
        code=code("decode_images"),
        data=lambda w: own(study.picture_files(w.set, w.domain), study.picture_sources(w.set, w.domain), data_folder(w)),
    output:
        directory("results/{study}/data/{set}/{domain}/{split}"),
    log:
        "logs/{study}/data/{set}/{domain}/{split}/decode_images.log",
    wildcard_constraints:
        set=any_of(study.sets("image_folder")),
    conda:
        "../../envs/vision.yaml"
    threads: cores(study, "prepare")
    resources:
        **asks(study, "prepare"),
    params:
        settings=lambda w: as_json(study.decoding(w.set, w.domain)),
        # In place of the pictures themselves, which are too many for inputs of Snakemake's.
        mark=lambda w: mark_of_pictures(study.own_pictures(w.set, w.domain)),
    shell:
        "python {input.code[0]} --settings {params.settings:q} --name {wildcards.set} --domain {wildcards.domain}"
        " --split {wildcards.split} --workers {threads} --output {output} 2>&1 | tee {log}"


rule caption_images:
    input:
        code=code("caption_images"),
        sets=lambda w: list(study.captioned(w.set).values()),
    output:
        directory("results/{study}/data/{set}/all/train"),
    log:
        "logs/{study}/data/{set}/all/train/caption_images.log",
    wildcard_constraints:
        set=any_of(study.sets("captions")),
    conda:
        "../../envs/vision.yaml"
    resources:
        **asks(study, "prepare"),
    params:
        phrases=lambda w: as_json(study.data_settings(w.set)["phrases"]),
        seed=lambda w: study.data_settings(w.set)["seed"],
        sets=lambda w: [f"--set={name}={folder}" for name, folder in study.captioned(w.set).items()],
    shell:
        "python {input.code[0]} {params.sets:q} --phrases {params.phrases:q} --seed {params.seed}"
        " --output {output} 2>&1 | tee {log}"


rule write_texts:
    input:
        code=code("write_texts"),
    output:
        directory("results/{study}/data/{set}/{domain}/{split}"),
    log:
        "logs/{study}/data/{set}/{domain}/{split}/write_texts.log",
    wildcard_constraints:
        set=any_of(study.sets("text_world")),
    localrule: True
    conda:
        "../../envs/language.yaml"
    params:
        texts=lambda w: study.generated(w.set, w.split),
    shell:
        "python {input.code[0]} --family {params.texts[family]} --domain {wildcards.domain} --split {wildcards.split}"
        " --count {params.texts[count]} --seed {params.texts[seed]} --output {output} 2>&1 | tee {log}"


rule read_records:
    input:
        code=code("read_records"),
        files=lambda w: own(study.record_files(w.set, w.domain), study.record_sources(w.set, w.domain), data_folder(w)),
    output:
        directory("results/{study}/data/{set}/{domain}/{split}"),
    log:
        "logs/{study}/data/{set}/{domain}/{split}/read_records.log",
    wildcard_constraints:
        set=any_of(study.sets("text_records")),
    localrule: True
    conda:
        "../../envs/language.yaml"
    params:
        settings=lambda w: as_json(study.records(w.set, w.domain)),
    shell:
        "python {input.code[0]} --settings {params.settings:q} --name {wildcards.set}/{wildcards.domain}"
        " --split {wildcards.split} --output {output} 2>&1 | tee {log}"
