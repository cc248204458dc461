"""The benchmark, from settings to files."""

import sys
from collections.abc import Sequence
from pathlib import Path

from generality.errors import StudyError
from generality.runtime.device import device
from generality.speed.measure import measure
from generality.speed.settings import SETTINGS, narrowed, tiny
from generality.speed.table import check_output, page, result, write


def bench(
    outputs: Sequence[str | Path], settings: dict | None = None, *, tiny_models: bool = False, **narrower
) -> None:
    """Measure `settings` (default SETTINGS), narrowed by `settings.narrowed`, and write the outputs (.json, .md).

    Print each turn to standard error as it ends. Before measuring, raise StudyError for an unknown model, method or
    suffix, and for models of full size without a GPU.
    """
    for output in outputs:
        check_output(Path(output))
    settings = narrowed(settings or SETTINGS, **narrower)
    if tiny_models:
        settings = tiny(settings)
    if device().type == "cpu" and not tiny_models:
        raise StudyError("no GPU is here, and models of full size want one; --tiny tries the command on a CPU")
    content = result(settings, measure(settings, lambda line: print(line, file=sys.stderr, flush=True)))
    write(content, outputs)
    print(page(content), file=sys.stderr)
