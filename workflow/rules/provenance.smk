from generality.plan.logs import log_folders


# This rule comes after all jobs that it counts, because their logs tell the time and memory that they took. So it counts
# neither itself nor the page that shows the record.
rule record_provenance:
    input:
        requirements=requirements(),
        report=[*targets(study), *map(study.table_path, unshown(study)), page_file(study, "answer.csv")],
    output:
        page_file(study, "provenance.json"),
    log:
        logs("report/provenance/record_provenance.log"),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=fingerprint("record_provenance"),
        study=study.name,
        seeds=as_json(study.config["seeds"]),
        folders=log_folders(study),
        rules=lambda w: [rule.name for rule in workflow.rules if rule.log and rule.name != "bench"],
    shell:
        "run record_provenance --study {params.study} --seeds {params.seeds:q} --logs logs/{params.study}"
        " --folders {params.folders} --rules {params.rules} --requirements {input.requirements:q} --output {output}"
        " 2>&1 | tee {log}"
