"""How the scripts end."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

PACKAGE = str(Path(__file__).parent)


def run(main: Callable[[], None]) -> None:
    """Run a script; a mistake that the library found is one line, any other failure keeps its traceback."""
    try:
        main()
    except (ValueError, RuntimeError) as error:
        if not traceback.extract_tb(error.__traceback__)[-1].filename.startswith(PACKAGE):
            raise
        sys.exit(f"error: {error}")
