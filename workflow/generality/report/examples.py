"""The paper's Table 1: one example of each data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from generality.data.image_set import open_image_set
from generality.data.text_set import MANIFEST, open_text_set, pair
from generality.report import markup
from generality.report.names import in_words, short
from generality.storage.files import read_json

LONGEST = 240  # characters of a text; the question at its end is worth more than its beginning
CAPTION = (
    "One example of each data set, the first of its test split: nothing is picked by eye. Choices that a prompt does "
    "not name are added in brackets, and … stands for what is left out of a long text. Pictures are shown in Figure 2."
)


def render_examples(sets: Mapping[str, str | Path], outputs: Sequence[str | Path], *, anchor: str) -> None:
    """Write a row per data set, `sets` being folders of test splits by "set/domain"; those of a set stand together.

    Columns of the .csv are set, data, n (examples), id, prompt and answer (right choice, response, or class of a
    picture), in full. Long texts are cut in .md and .tex. Raises StudyError for a damaged folder.
    """
    rows = pd.DataFrame(
        [(name.split("/")[0], name, *_example(folder)) for name, folder in sets.items()],
        columns=["set", "data", "n", "id", "prompt", "answer"],
    )
    rows = rows.sort_values("set", key=lambda column: pd.factorize(column)[0], kind="stable")
    names = rows["set"].map(in_words).str.capitalize().mask(rows["set"].duplicated(), "")
    body = [
        [name, short(row.data), f"{row.n:,}", shortened(row.prompt), shortened(row.answer)]
        for name, row in zip(names, rows.itertuples(), strict=True)
    ]
    header = [(name, "") for name in ("Task", "Data set", "n", "Example", "Answer")]
    columns = ["l", "l", "r", "p{9cm}", "p{4cm}"]
    markup.write(outputs, rows, markup.Table(CAPTION, header, body, columns), anchor)


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text on one line; a longer one keeps its first third and last two thirds of `longest` characters."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    return f"{text[: longest // 3].rstrip()} … {text[-2 * longest // 3 :].lstrip()}"


def _example(folder: str | Path) -> tuple[int, str, str, str]:
    """Return the number of examples, and id, prompt and answer of the first."""
    if "form" not in read_json(Path(folder) / MANIFEST):
        pictures = open_image_set(folder)
        return len(pictures), pictures.ids[0], f"picture {pictures.ids[0]}", pictures.classes[pictures.labels[0]]
    texts = open_text_set(folder)
    first = texts.examples[0]
    prompt, answer = pair(texts.form, first)
    choices = first.get("choices", [])
    if not all(choice in prompt for choice in choices):
        prompt += f" [{' / '.join(choices)}]"
    return len(texts), first["id"], prompt, answer.strip()
