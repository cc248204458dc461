# Files from elsewhere. Their paths are those of the study file, so two studies that name the same file share it.
# An edit of the code fetches and unpacks nothing anew: these rules have no parameter `code`. Each file is checked on
# arrival, and a day of downloads, with all results from them, must not depend on a comment.


rule download:
    output:
        "{file}",
    log:
        "logs/downloads/{file}.log",
    wildcard_constraints:
        file=any_of(study.downloads.files()),
    localrule: True
    conda:
        "../../envs/download.yaml"
    params:
        identity=lambda w: as_json(study.downloads.identity(w.file)),
        # A function of the output is no reason to run again, so a new mirror of the same file changes nothing.
        known=lambda w, output: as_json(study.downloads.known(output[0])),
        urls=lambda w, output: study.downloads.files()[output[0]]["urls"],
    shell:
        "run download --urls {params.urls:q} --known {params.known:q} --output {output:q} 2>&1 | tee {log:q}"


# The archive stays, since the user may have put it there by hand, and an emptied folder then costs no second download.
# Users who need the room may delete it, which makes nothing run again.
rule unpack:
    input:
        archive=lambda w: study.downloads.archive(w.folder),
    output:
        directory("{folder}"),
    log:
        "logs/downloads/{folder}.unpack.log",
    wildcard_constraints:
        folder=any_of(study.downloads.folders()),
    localrule: True
    conda:
        "../../envs/download.yaml"
    params:
        settings=lambda w: as_json(study.downloads.unpacking(w.folder)),
    shell:
        "run unpack --archive {input.archive:q} --settings {params.settings:q} --output {output:q}"
        " 2>&1 | tee {log:q}"


# The output is a note beside the data that only the user can get, and not the data, since Snakemake deletes outputs. This
# rule comes before all others, so that the user learns of missing data at once, not after hours of downloads.
rule find_own_copy:
    output:
        "{own}.found",
    log:
        "logs/downloads/{own}.log",
    wildcard_constraints:
        own=any_of(study.downloads.own_copies()),
    priority: 10
    localrule: True
    conda:
        "../../envs/download.yaml"
    params:
        by_hand=lambda w, output: study.downloads.entries[w.own]["by_hand"],
    message:
        "{wildcards.own}: {params.by_hand}"
    shell:
        "run find_own_copy --path {wildcards.own:q} --by-hand {params.by_hand:q} --output {output:q}"
        " 2>&1 | tee {log:q}"


# Pictures of the hub, of WebDataset archives or of a table become class folders, like those of an archive.
rule write_pictures:
    input:
        lambda w: study.downloads.pictures_from(w.pictured),
    output:
        directory("{pictured}"),
    log:
        "logs/downloads/{pictured}.pictures.log",
    wildcard_constraints:
        pictured=any_of(study.downloads.pictured()),
    localrule: True
    conda:
        "../../envs/language.yaml"
    params:
        settings=lambda w: as_json(study.downloads.entries[w.pictured]["pictures"]),
    shell:
        "run write_pictures --settings {params.settings:q} --output {output:q} 2>&1 | tee {log:q}"
