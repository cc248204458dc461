"""The report's page: one file that holds all it shows, and opens without a network."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from generality.errors import StudyError
from generality.report import choices, markup
from generality.report.answer_words import BEST, DOWN, TIE, UNCLEAR, UP, answer, numbers
from generality.report.claims import CONTRADICTED, IN_THIS_RUN, NOT_MEASURED, SUPPORTED, VERDICTS
from generality.report.claims_table import cells, note
from generality.report.explorer import explorer
from generality.report.names import listed
from generality.report.stored import read_csv, write_text
from generality.report.tradeoff_numbers import caption, for_readers
from generality.storage.files import read_json

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "page"
TYPES = {".csv": "text/csv;charset=utf-8", ".json": "application/json", ".png": "image/png", ".yaml": "text/plain"}
SHOWN = 0.45  # CSS pixels for one of a figure's, which has 300 an inch: its 8-point text is then as large as ours
TONES = dict.fromkeys(VERDICTS, UNCLEAR) | {NOT_MEASURED: ""}
TONES |= {word: tone for plain, tone in ((SUPPORTED, UP), (CONTRADICTED, DOWN)) for word in (plain, IN_THIS_RUN[plain])}
TEXTS = ("experiment", "data", "group", "method", "setting", "front", "chosen")  # columns of stored tables


def render_page(
    output: str | Path,
    *,
    study: str,
    experiments: Sequence[Mapping[str, str]],
    parts: Sequence[Mapping],
    answer_file: str | Path,
    provenance_file: str | Path,
    config: str,
    labels: Mapping[str, str],
) -> None:
    """Write the page of a study.

    `experiments` are {"name", "data", "model", "remark"}; `parts` are those of the report in display order, {"part",
    "title", "name", "category", "text", "files": {suffix: path}}; `config` is the study's, as YAML; `labels` are the
    methods' printed names. The answer is `answer.render_answer`'s. Raises StudyError for a missing or broken file.
    """
    table = read_csv(answer_file, (), texts=TEXTS)
    parts = [_part(part, labels) for part in parts]
    pictured = [part for part in parts if part["picture"]]
    tables = [part for part in parts if part["table"]]
    claims = next((_claims(part) for part in parts if part["part"] == "claims"), None)
    tradeoff = next((_tradeoff(part, labels) for part in parts if part["part"] == "tradeoff"), None)
    sections = [("figures", "Figures", pictured), ("claims", "Claims", claims), ("tradeoff", "Trade-offs", tradeoff)]
    sections += [("tables", "Tables", tables), ("provenance", "Provenance", True), ("config", "Configuration", True)]
    css, js = ((RESOURCES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    environment = Environment(loader=FileSystemLoader(RESOURCES), autoescape=True, undefined=StrictUndefined)
    text = environment.get_template("page.html").render(
        study=study, experiments=experiments, css=Markup(css), js=Markup(js), policy=_policy(css, js),
        sections=[(name, title) for name, title, content in sections if content],
        answer=answer(table, labels), numbers=Markup(markup.html(numbers(table, labels))),
        answer_files=[_file(answer_file)],
        figures=pictured, tables=tables, claims=claims, tradeoff=tradeoff,
        provenance=_provenance(provenance_file), config=config,
        config_files=[_file("config.yaml", config.encode())],
        signs={UP: "+", DOWN: "−", UNCLEAR: "·"}, tones=TONES, best=BEST, tie=TIE,
    )  # fmt: skip
    write_text(output, text)


def _policy(css: str, js: str) -> str:
    """Return a policy under which the page loads nothing, and runs and styles itself by its own parts alone."""
    style, script = (
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (css, js)
    )
    return (
        f"default-src 'none'; img-src data:; style-src {style}; script-src {script}; base-uri 'none'; "
        "form-action 'none'"
    )


def _part(part: Mapping, labels: Mapping[str, str]) -> dict:
    """Return a part for the page: with its picture or its table, its data to download, and points to explore."""
    paths = part["files"]
    data = [_file(paths[suffix]) for suffix in ("csv", "json") if suffix in paths]
    picture = _picture(paths["png"]) if "png" in paths else None
    table = Markup(_bytes(paths["html"]).decode()) if "html" in paths else None
    shown = {"picture": picture, "table": table, "files": data, "paths": paths, "explorer": None}
    if part["part"] == "glance":
        shown["explorer"] = explorer(read_csv(paths["csv"], ("family", "status"), texts=TEXTS), labels)
    return {**part, **shown}


def _picture(path: str | Path) -> dict:
    content = _bytes(path)
    try:
        width, height = Image.open(BytesIO(content), formats=["PNG"]).size
    except OSError:
        raise StudyError(f"{path}: not a PNG; delete it and run its stage again") from None
    return _file(path, content) | {"width": round(SHOWN * width), "height": round(SHOWN * height)}


def _claims(part: Mapping) -> dict:
    """Return the claims for the page, each with a table of its comparisons."""
    content = read_json(part["paths"]["json"])
    header = [(name, "") for name in ("Comparison", "Effect [95 % interval]", "Trainings", "Verdict")]
    claims = []
    for claim in content["claims"]:
        body = cells(claim)
        text = "The deciding comparison first: the least effect in half-widths of its interval."
        table = Markup(markup.html(markup.Table(text, header, body, "lrrl"))) if body else ""
        cards = [card for _, card in choices.bearing(content["choices"], claim["name"])]
        claims.append(claim | {"effect": body[0][1] if body else "", "table": table, "cards": cards})
    verdicts = [claim["verdict"] for claim in claims]
    counts = [(word, verdicts.count(word)) for word in TONES if word in verdicts]
    notes = {"note": note(content["rule"], content["tests"]), "cards_note": choices.NOTE}
    cards = []
    for card in content["choices"]:
        named, words = choices.bears_on(card)
        cards.append(card | {"named": named, "bears_on": words})
    return {**part, "claims": claims, "counts": counts, "cards": cards, **notes}


def _tradeoff(part: Mapping, labels: Mapping[str, str]) -> dict:
    table = read_csv(part["paths"]["csv"], ("front", "chosen"), texts=TEXTS)
    tables = [(one.caption, Markup(markup.html(one))) for one in for_readers(table, labels)]
    return {**part, "tables": tables, "note": caption(table, labels)}


def _provenance(path: str | Path) -> dict:
    """Return the page's section on `provenance.json`."""
    content = read_json(path)
    revision, machine, total = content["revision"], content["machine"], content["total"]
    commit = revision["commit"] or "unknown: not run in a git repository"
    facts = [
        ("Rendered", content["rendered"]),
        ("Git revision", commit + (" with uncommitted changes" if revision["dirty"] else "")),
        ("Seeds", "; ".join(f"{name} {listed(list(map(str, seeds)))}" for name, seeds in content["seeds"].items())),
        ("Python", content["python"]),
        ("Platform", content["platform"]),
        ("Machine", f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB"),
        ("Work", f"{total['jobs']:,} jobs, {duration(total['wall_s'])} of wall time, summed over them"),
    ]
    header = [("Stage", ""), ("Jobs", ""), ("Wall time", "s, sum"), ("CPU time", "s, sum"), ("Longest job", "s")]
    header += [("Peak memory", "MiB")]
    decimals = {"jobs": 0, "wall_s": 1, "cpu_s": 1, "longest_s": 1, "peak_mib": 0}
    body = [
        [stage["rule"], *(_number(stage[key], digits) for key, digits in decimals.items())]
        for stage in content["stages"]
    ]
    text = "What each stage took, summed over its jobs; the peak memory is that of its largest job."
    stages = Markup(markup.html(markup.Table(text, header, body, "lrrrrr")))
    return {"facts": facts, "stages": stages, "packages": list(content["packages"].items()), "files": [_file(path)]}


def duration(seconds: float) -> str:
    """Return a time for readers: "42 s", "3 min", "1 h 05 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _number(value: float | None, decimals: int) -> str:
    return markup.NONE if value is None else f"{value:,.{decimals}f}"


def _file(path: str | Path, content: bytes | None = None) -> dict:
    """Return a file inside the page: its name, its content (read if None) as a data: address, its size for readers."""
    content = _bytes(path) if content is None else content
    uri = f"data:{TYPES[Path(path).suffix]};base64,{base64.b64encode(content).decode()}"
    return {"name": Path(path).name, "uri": uri, "size": f"{max(1, round(len(content) / 1024)):,} KiB"}


def _bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file; the stage that writes it has not finished") from None
