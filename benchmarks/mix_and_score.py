"""Mix two classifiers and score the mixture: a peer of the sweep, run once for each weight.

The script keeps weights in torch's own files, writes the mixture, loads it and counts right answers. Only the
architecture is the project's.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from generality.vision.classifier import ImageClassifier
from generality.vision.clip import build_image_tower

BATCH = 256


@torch.no_grad()
def main(first: str, second: str, alpha: str, config: str, mixture: str, output: str, *sets: str) -> None:
    start, end = torch.load(first), torch.load(second)
    torch.save({name: (1 - float(alpha)) * start[name] + float(alpha) * end[name] for name in start}, mixture)
    state = torch.load(mixture)
    settings = json.loads((Path(config) / "open_clip_config.json").read_text())
    model = ImageClassifier(build_image_tower(Path(config)), nn.Linear(*reversed(state["head.weight"].shape)))
    model.load_state_dict(state)
    model.eval()
    mean, std = (torch.tensor(settings["preprocess_cfg"][key]).view(3, 1, 1) for key in ("mean", "std"))
    accuracy = {}
    for folder in map(Path, sets):
        manifest = json.loads((folder / "manifest.json").read_text())
        groups = manifest["source"].get("class_groups") or {name: [name] for name in manifest["classes"]}
        members = [[settings["classes"].index(one) for one in groups[name]] for name in manifest["classes"]]
        images, labels = np.load(folder / "images.npy"), torch.from_numpy(np.load(folder / "labels.npy"))
        right = 0
        for at in range(0, len(images), BATCH):
            pictures = torch.from_numpy(images[at : at + BATCH]).permute(0, 3, 1, 2).float() / 255
            logits = model((pictures - mean) / std)
            best = torch.stack([logits[:, member].amax(1) for member in members], dim=1).argmax(1)
            right += int((best == labels[at : at + BATCH]).sum())
        accuracy[str(folder)] = right / len(images)
    Path(output).write_text(json.dumps(accuracy))


if __name__ == "__main__":
    main(*sys.argv[1:])
