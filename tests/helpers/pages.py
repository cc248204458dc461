"""Make a page of the report from small invented scores, with every kind of part that it can show."""

import json

import numpy as np
import pandas as pd
from PIL import Image

from generality.methods import registry
from generality.report.answer import render_answer
from generality.report.claims_table import render_claims
from generality.report.collect import read_table, write_table
from generality.report.glance import glance
from generality.report.page import render_page
from generality.report.resampled import Resampled
from generality.report.tables import render_table
from generality.report.tradeoff_numbers import render_tradeoffs
from made_experiments import METHODS, PAPER, experiment

LABELS = {method: method.upper() for method in METHODS}
# The worst text that a study file may hold: none of it may become part of the page's own code.
HOSTILE = "<script>alert('1')</script><img src=x onerror=alert(2)> \"Ünïcode\" 数据 & co"
PROVENANCE = {
    "study": "made", "rendered": "2026-01-02T03:04:05Z", "revision": {"commit": "0123abcd" * 5, "dirty": True},
    "seeds": {"pretraining": [1, 2], "finetuning": [1]}, "python": "3.11.2", "platform": "Linux",
    "packages": {"numpy": "2.4.6", "torch": "2.15.0"},
    "machine": {"cpu": "A CPU", "cores": 2, "memory_gib": 7.6},
    "stages": [
        {"rule": "score_lm", "jobs": 12, "wall_s": 1234.5, "cpu_s": 1200.0, "longest_s": 200.25, "peak_mib": 900.4},
        {"rule": "collect_scores", "jobs": 2, "wall_s": 9.5, "cpu_s": None, "longest_s": 5.0, "peak_mib": None},
    ],
    "total": {"jobs": 14, "wall_s": 1244.0, "cpu_s": 1200.0},
}  # fmt: skip


def part(name, title, files, category="Figures", says="What it means."):
    """Return a part of the page, as `plan.page.page_parts` does."""
    caption = {"title": title, "name": f"About {title}", "category": category, "text": says}
    return {"part": name, **caption, "files": {path.suffix[1:]: str(path) for path in files}}


def draw(path, width=2100, height=1200):
    """Draw a picture with something to see."""
    pixels = np.zeros((height, width, 3), np.uint8) + np.arange(width, dtype=np.uint16).astype(np.uint8)[:, None]
    Image.fromarray(pixels).save(path)
    return path


def made_page(folder, *, says="What it means.", study="made", labels=LABELS, worlds=None):
    """Write the page and its sources to a folder, new or empty; return the page's path."""
    folder.mkdir(exist_ok=True)
    worlds = worlds or {"first": PAPER, "second": PAPER | {"lora": (0.7, 0.3, 0.3, 0.1)}}
    settings = {name: experiment(folder / name, name, world) for name, world in worlds.items()}
    scores = [Resampled.read(**each) for each in settings.values()]
    render_answer(scores, folder / "answer.csv")
    render_tradeoffs(scores, [folder / "tradeoff.csv"], labels)
    render_claims({"imagenet": scores[0], "medmcqa": scores[-1]}, [folder / "claims.json"])
    table = read_table(next(iter(settings.values()))["table"])
    render_table(table, [folder / "table4.html", folder / "table4.csv"], labels=labels)
    pd.DataFrame({"x": [1, 2]}).to_csv(folder / "figure4.csv", index=False)
    of = {name: registry()[name].family for name in METHODS if name != "pretrained"}
    write_table(pd.concat([glance(one, of) for one in scores]), folder / "glance.csv")
    (folder / "provenance.json").write_text(json.dumps(PROVENANCE))
    parts = [
        part("figure2", "Figure 2", [draw(folder / "figure2.png")], says=says),
        part("figure4", "Figure 4", [draw(folder / "figure4.png", 1050), folder / "figure4.csv"], says=says),
        part("glance", "Methods", [draw(folder / "glance.png", 1050), folder / "glance.csv"], says=says),
        part("table4", "Table 4", [folder / "table4.html", folder / "table4.csv"], "Tables", says),
        part("tradeoff", "Trade-offs", [folder / "tradeoff.csv"], "Findings", says),
        part("claims", "Claims", [folder / "claims.json"], "Findings", says),
    ]
    experiments = [{"name": name, "data": "q/own", "model": "tiny", "remark": "Weights of <x>."} for name in worlds]
    render_page(
        folder / "report.html", study=study, experiments=experiments, parts=parts, answer_file=folder / "answer.csv",
        provenance_file=folder / "provenance.json", labels=labels,
        config=f"study: {study}\nseeds: {{pretraining: [1, 2], finetuning: [1]}}\n",
    )  # fmt: skip
    return folder / "report.html"
