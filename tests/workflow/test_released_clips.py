"""The study of released CLIPs, up to its first training: the architectures at full size, with random weights."""

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file

from generality.config.study_file import load
from picture_folders import draw
from tiny_clips import save_tokenizer
from workflows import ROOT, snakemake

PREPROCESS = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}  # SigLIP's


def write_weights(name: str, file: Path) -> str:
    """Write random weights of an architecture and return their path in the study."""
    torch.manual_seed(0)
    model = open_clip.create_model(name, load_weights=False)
    save_file({key: value.contiguous().clone() for key, value in model.state_dict().items()}, file)
    return f"data/{file.name}"


def test_every_step_before_the_trainings_works_with_random_weights(tmp_path):
    config, data = load(ROOT / "workflow/studies/pacs-clip.yaml"), tmp_path / "data"
    for domain in config["data"]["pacs"]["domains"]:
        for name in ("cat", "dog"):
            for number in range(30):
                draw(data / f"pacs/{domain}/{name}/{number}.jpg", width=60, height=50)
    clip, siglip = config["models"]["clip"], config["models"]["siglip"]
    clip["weights"] = write_weights(clip["name"], data / "clip.safetensors")
    # SigLIP's tokenizer is on the hub, as its weights are, so a small one stands for it.
    siglip["weights"] = write_weights(siglip["name"], data / "siglip.safetensors")
    siglip["preprocess"] = PREPROCESS
    architecture = open_clip.get_model_config(siglip["name"])
    architecture["text_cfg"]["hf_tokenizer_name"] = str(save_tokenizer(data / "siglip"))
    (data / "siglip/open_clip_config.json").write_text(json.dumps({"model_cfg": architecture, "preprocess_cfg": {}}))
    siglip["name"] = "local-dir:data/siglip"
    heads = [f"results/pacs-clip/{name}/pretrained/default/seed-none/model" for name in config["experiments"]]
    snakemake(tmp_path, "--cores", "2", *heads, config=config)
    assert all((tmp_path / head).is_dir() for head in heads)
    assert all((tmp_path / f"results/pacs-clip/models/{name}/released.tried").is_file() for name in config["models"])
