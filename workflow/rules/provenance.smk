# Stand-in, to be replaced: what ran.
import json


rule record_provenance:
    input:
        study.targets(),
    output:
        page_file(study, "provenance.json"),
    run:
        stages = [
            {
                "rule": "finetune_clip",
                "jobs": 24,
                "wall_s": 812.4,
                "cpu_s": 790.0,
                "longest_s": 61.2,
                "peak_mib": 912.0,
            },
            {"rule": "score_lm", "jobs": 40, "wall_s": 1812.4, "cpu_s": None, "longest_s": 161.2, "peak_mib": None},
        ]
        content = {
            "study": study.name,
            "rendered": "2026-01-01T00:00:00Z",
            "revision": {"commit": None, "dirty": False},
            "seeds": study.seeds,
            "python": "3.11",
            "platform": "Linux",
            "machine": {"cpu": "a CPU", "cores": 2, "memory_gib": 8},
            "packages": {"numpy": "2.4.6", "torch": "2.15.0"},
            "stages": stages,
            "total": {"jobs": 64, "wall_s": 2624.8, "cpu_s": 790.0},
        }
        with open(output[0], "w") as handle:
            json.dump(content, handle, indent=2)
