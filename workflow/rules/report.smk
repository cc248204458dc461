from generality.parts import modules, parts
from generality.plan.page import answer_settings, page_config, page_experiments, page_labels, page_parts

PAGE_PARTS = page_parts(study, config["captions"])


# One rule for the parts of each module, named draw_<module>. The module (generality/parts) declares inputs and drawing.
for source, names in modules(study.parts()).items():

    rule:
        name:
            f"draw_{source.rpartition('.')[2]}"
        input:
            resources=[resource(name) for name in parts()[names[0]].resources],
            files=lambda w: Shown(study, w.part).files,
        output:
            part_files(names[0]),
        log:
            logs(f"report/{{part}}/draw_{source.rpartition('.')[2]}.log"),
        wildcard_constraints:
            part=any_of(names),
        localrule: True
        conda:
            "../../envs/report.yaml"
        params:
            code=fingerprint("render_part", source),
            module=source,
            inputs=lambda w: as_json(Shown(study, w.part).inputs),
            settings=lambda w: as_json(Shown(study, w.part).settings),
        shell:
            "run render_part --module {params.module} --inputs {params.inputs:q}"
            " --settings {params.settings:q} --output {output} 2>&1 | tee {log}"


rule render_answer:
    input:
        scores=[path for settings in answer_settings(study) for path in settings["scores"]],
        tables=[settings["table"] for settings in answer_settings(study)],
    output:
        page_file(study, "answer.csv"),
    log:
        logs("report/answer/render_answer.log"),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=fingerprint("render_answer"),
        experiments=lambda w: as_json(answer_settings(study)),
    shell:
        "run render_answer --experiments {params.experiments:q} --output {output} 2>&1 | tee {log}"


rule render_report:
    input:
        looks=[resource(f"page/page.{suffix}") for suffix in ["html", "css", "js"]],
        answer=page_file(study, "answer.csv"),
        provenance=page_file(study, "provenance.json"),
        parts=[path for part in PAGE_PARTS for path in part["files"].values()],
    output:
        page_file(study, "report.html"),
    log:
        logs("report/report/render_report.log"),
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=fingerprint("render_report"),
        study=study.name,
        # These are functions, since Snakemake would take a template of the study ("{question}") in a text for a wildcard.
        experiments=lambda w: as_json(page_experiments(study)),
        parts=lambda w: as_json(PAGE_PARTS),
        config=lambda w: page_config(study),
        labels=lambda w: as_json(page_labels(study)),
    shell:
        "run render_report --study {params.study} --experiments {params.experiments:q}"
        " --parts {params.parts:q} --answer {input.answer} --provenance {input.provenance}"
        " --config {params.config:q} --labels {params.labels:q} --output {output} 2>&1 | tee {log}"
