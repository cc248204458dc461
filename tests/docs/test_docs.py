"""The documentation: its commands run, its links lead somewhere, its reference is the schema's, its words are plain."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs import keep_report, open_cards
from docs.reference import METHODS, PAGE, Reference, anchor, with_methods
from generality.config.schema import validator
from generality.report.claims import CLAIMS, VERDICTS
from generality.report.markup import markdown
from study_files import files_of
from workflows import FORK, ROOT, _forked, copy_project

DOCS = ROOT / "docs"
GENERATED = {"architectures.md", "reference.md"}
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "config").glob("*.md")])
FENCE = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def in_words(page: Path) -> str:
    """Return the text of a page without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text()))


def dry_run(folder: Path, arguments: list[str]) -> str:
    """Return what `snakemake <arguments> -n` prints in `folder`, from a fork that has Snakemake imported."""
    printed = folder / "printed.txt"
    process = FORK.Process(target=_in_folder, args=(folder, printed, [*arguments, "-n", "--nocolor"]))
    process.start()
    process.join()
    assert process.exitcode == 0, printed.read_text()[-4000:]
    return printed.read_text()


def _in_folder(folder: Path, printed: Path, arguments: list[str]) -> None:
    os.chdir(folder)
    _forked(printed, arguments)


def run(folder: Path, line: str) -> str:
    """Run a line of the tutorial as it stands, but `make` as a dry run."""
    program = line.split()[0]
    line = f"{line} --dry-run" if program == "make" else line
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}: {done.stderr}"
    return done.stdout


def test_every_command_of_the_tutorial_works(tmp_path):
    copy_project(tmp_path)
    for name in ("config.yaml", "Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    studies, printed = {}, {}
    for fence in FENCE.finditer((DOCS / "tutorial.md").read_text()):
        if fence["file"]:
            assert fence["language"] == "yaml" or len(fence["text"].splitlines()) <= 40, fence["file"]
            (tmp_path / fence["file"]).write_text(fence["text"])
        elif fence["language"] == "sh":
            for line in fence["text"].splitlines():
                if line.startswith("snakemake "):
                    studies[line.replace(" -n", "")] = None  # a study and its dry run are planned once
                else:
                    printed[line] = run(tmp_path, line)
    assert len(studies) == 9
    printed |= {line: dry_run(tmp_path, line.split()[1:]) for line in studies}
    assert all("Job stats:" in printed[line] for line in studies)
    assert "bin/snakemake --cores" in printed["make"]
    talks = next(text for line, text in printed.items() if line.endswith("talks.yaml"))
    assert re.search(r"^make_text_records +2$", talks, re.MULTILINE), "the validation and the test part of the new set"
    values = next(text for line, text in printed.items() if line.endswith("shapes.yaml own.yaml"))
    assert re.search(r"^finetune_clip +5$", values, re.MULTILINE), "full, two of l2, two of the new method"
    assert re.search(r"^score_clip +9$", values, re.MULTILINE), "these, the pre-trained one, wise, trimmed twice"
    assert re.search(r"^draw_learnt +1$", printed[next(reversed(studies))], re.MULTILINE)


def test_the_configuration_pages_name_files_that_are_there():
    """Each `--configfile` of a page that is no file of the tutorial's own."""
    values = {fence["file"] for fence in FENCE.finditer((DOCS / "tutorial.md").read_text())}
    named = re.findall(r"--configfile ([\w./-]+)", "".join(page.read_text() for page in PAGES))
    values |= {
        f"{name}.yaml" for name in re.findall(r"generality.new .*--name (\w+)", (DOCS / "tutorial.md").read_text())
    }
    assert {name for name in named if name not in values and not (ROOT / name).exists()} == set()
    assert "workflow/studies/paper.yaml" in named


def test_the_table_of_methods_is_that_of_their_declarations():
    text = METHODS.read_text()
    assert text == with_methods(text), "run `python docs/reference.py`"


def test_the_reference_is_that_of_the_schema():
    assert PAGE.read_text() == Reference(validator().schema).text, "run `python docs/reference.py`"


def test_the_open_cards_are_those_of_their_file():
    assert open_cards.PAGE.read_text() == open_cards.page(open_cards.read_verdicts()), "run `python docs/open_cards.py`"


def test_verdicts_are_taken_from_the_reports_that_are_there(tmp_path, monkeypatch, capsys):
    files = {name: tmp_path / name for name in open_cards.commands()}
    result = {"claims": [{"name": "wise-beats-both-ends", "verdict": "contradicted"}, {"name": "old", "verdict": "no"}]}
    files["clean-captions"].write_text(json.dumps(result))
    for name, value in (("PAGE", "open_cards.md"), ("VERDICTS", "verdicts.csv"), ("ROOT", "")):
        monkeypatch.setattr(open_cards, name, tmp_path / value)
    monkeypatch.setattr(open_cards, "claims_file", files.get)
    open_cards.VERDICTS.write_text("claim,embedded,gone\nwise-beats-both-ends,supported,x\n")
    open_cards.main()
    page = open_cards.PAGE.read_text()
    assert re.search(r"\(wise-beats-both-ends\) +\| supported +\| contradicted +\| – ", page)
    assert page.count("has no verdicts yet") == 1
    command = "snakemake --cores 2 --configfile config.yaml workflow/studies/recipe-a.yaml"
    assert f"`recipe-a` has no verdicts yet. This runs it: `{command}`" in page
    assert capsys.readouterr().out == f"recipe-a: no such file; run `{command}` for the verdicts of recipe-a\n"
    header, *rows = open_cards.VERDICTS.read_text().splitlines()
    assert header == "claim,embedded,clean-captions,recipe-a"
    assert "wise-beats-both-ends,supported,contradicted," in rows
    files["clean-captions"].unlink()  # the verdicts stay without the report
    open_cards.main()
    assert open_cards.PAGE.read_text() == page


def test_the_studies_beside_the_default_are_there():
    names = open_cards.commands()
    assert list(names) == ["embedded", "clean-captions", "recipe-a"]
    for name, command in list(names.items())[1:]:
        assert [ROOT / file for file in command.split("--configfile ")[1].split()] == files_of(
            ROOT / f"workflow/studies/{name}.yaml"
        )
    assert open_cards.claims_file("recipe-a") == ROOT / "reports/recipe-a/claims.json"


def test_the_kept_report_has_every_finding():
    text = (DOCS / "results/index.md").read_text()
    table = text.split(keep_report.BEGIN)[1].split(keep_report.END)[0]
    rows = [re.split(r" *\| *", line.strip("| ")) for line in table.strip().splitlines()[2:]]
    assert [row[0] for row in rows] == [markdown(claim.says) for claim in CLAIMS]
    assert {row[1].strip("*") for row in rows} <= set(VERDICTS)
    assert "What was forgotten" in (DOCS / "results/report.html").read_text()
    assert "three-by-three.yaml" in text


def test_a_report_is_kept_with_its_verdicts(tmp_path, monkeypatch):
    comparison = {"what": "a − b", "effect": 1.0, "low": -0.5, "high": 2.5, "unit": "points", "verdict": "undecided"}
    claims = [{"says": "L1 | L2.", "verdict": "undecided", "comparisons": [comparison], "reason": None}]
    claims.append({"says": "None.", "verdict": "not measured", "comparisons": [], "reason": "the study has no medmcqa"})
    report, results = tmp_path / "report", tmp_path / "results"
    for folder in (report, results):
        folder.mkdir()
    monkeypatch.setattr(keep_report, "load", lambda *files: {"report": {"folder": str(report)}} if files else {})
    monkeypatch.setattr(keep_report, "picture", lambda page, output: output.write_bytes(page.read_bytes()))
    (report / "report.html").write_text("the page")
    (report / "claims.json").write_text(json.dumps({"claims": claims}))
    index = results / "index.md"
    index.write_text(f"before\n{keep_report.BEGIN}\nold\n{keep_report.END}\nafter\n")
    monkeypatch.setattr("sys.argv", ["keep_report.py", str(results), "study.yaml"])
    keep_report.main()
    text = index.read_text()
    assert text.startswith(f"before\n{keep_report.BEGIN}\n|")
    assert text.endswith(f"|\n{keep_report.END}\nafter\n")
    assert "**undecided** | a − b" in re.sub(" +", " ", text)
    assert "+1.0 [−0.5, +2.5] points" in text
    assert "the study has no medmcqa" in text
    assert (results / "answer.png").read_text() == (results / "report.html").read_text() == "the page"


def test_the_reference_has_every_key_with_its_meaning():
    text = PAGE.read_text()
    for name, schema in validator().schema["$defs"].items():
        for key, inner in schema.get("properties", {}).items():
            assert f"`{key}`" in text, f"{name}.{key}"
            assert "description" in inner or "$ref" in inner, f"{name}.{key}"


def headings(page: Path) -> set[str]:
    return {anchor(title) for title in re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        file, _, place = target.partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), f"{page.name}: {target}"
        assert not place or place in headings(linked), f"{page.name}: {target}"


def test_every_page_is_in_the_site():
    listed = re.findall(r"^[\w/]+$", (DOCS / "index.md").read_text(), re.MULTILINE)
    pages = (page.relative_to(DOCS).with_suffix("") for page in DOCS.rglob("*.md"))
    assert sorted([*listed, "index"]) == sorted(map(str, pages))


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in GENERATED], ids=lambda page: page.name)
def test_no_sentence_makes_a_reader_stumble(page):
    """A subject comes first: no sentence opens with Of, What, Whether, "In what" or "Needed are", unless it asks."""
    sentences = re.findall(
        r"(?:^|[.:!?|] |^[-*|] )((?:Of|What|Whether|In what|Needed are)\b[^.?]*[.?]?)", in_words(page), re.M
    )
    assert [sentence for sentence in sentences if not sentence.endswith("?")] == []


def test_the_readme_is_short_and_shows_a_figure():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 200
    (figure,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert (ROOT / figure).stat().st_size < 150_000


def test_the_version_is_the_same_everywhere():
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version
    assert re.search(r"^## \[(\d\S+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version


def test_the_workflow_catalog_finds_what_it_asks_for():
    """Main workflow, instructions for configuration, and usage: the catalog's "standardized usage"."""
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda", "report"}
    assert (ROOT / "workflow/Snakefile").exists()
    assert (ROOT / "config/README.md").read_text().startswith("# ")
    assert list((ROOT / "workflow/rules").glob("*.smk"))
