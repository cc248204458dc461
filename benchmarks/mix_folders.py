"""Write the mixture of two model folders as a third, with safetensors alone: a peer of the sweep."""

import shutil
import sys
from pathlib import Path

from safetensors.torch import load_file, save_file


def main(first: str, second: str, alpha: str, output: str) -> None:
    shutil.copytree(second, output, dirs_exist_ok=True)
    start, end = (load_file(Path(folder) / "model.safetensors") for folder in (first, second))
    mixture = {name: (1 - float(alpha)) * start[name] + float(alpha) * end[name] for name in start}
    save_file(mixture, Path(output) / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main(*sys.argv[1:])
