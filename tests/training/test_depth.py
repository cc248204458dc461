"""The depth of entries, for architectures whose layers have different names, or blocks of different kinds."""

import re

import numpy as np
import open_clip
import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, OPTConfig

from generality.errors import StudyError
from generality.language.blocks import Tokens
from generality.language.objective import NextToken
from generality.language.outputs import entry_depths
from generality.training.depth import depths, depths_in_training
from generality.vision import classifier
from tiny_lms import ALL, tiny_lm

TINY = {"vocab_size": 40, "max_position_embeddings": 16, "num_hidden_layers": 4, "num_attention_heads": 2}
OPT = OPTConfig(hidden_size=8, ffn_dim=16, word_embed_proj_dim=6, do_layer_norm_before=True, **TINY)
LLAMA = LlamaConfig(hidden_size=8, intermediate_size=16, tie_word_embeddings=False, **TINY)
GPT2 = GPT2Config(vocab_size=40, n_positions=16, n_layer=4, n_head=2, n_embd=8)
# By architecture: the path of a block, and other entries with their depths. OPT's last norm and GPT-2's tied head are
# made before the blocks, and the one is used after them.
LANGUAGE = {
    "opt": (
        OPT,
        "model.decoder.layers.{}.",
        {"decoder.final_layer_norm.": 1, "embed_tokens.weight": 0, "project_in": 0},
    ),
    "llama": (LLAMA, "model.layers.{}.", {"model.norm.weight": 1, "embed_tokens.weight": 0, "lm_head.weight": 1}),
    "gpt2": (GPT2, "transformer.h.{}.", {"ln_f.weight": 1, "wte.weight": 0, "wpe.weight": 0, "lm_head.weight": 0}),
}


@pytest.mark.parametrize("name", LANGUAGE)
def test_blocks_of_a_language_model_are_evenly_deep(name):
    config, path, others = LANGUAGE[name]
    model = AutoModelForCausalLM.from_config(config).eval()
    found = entry_depths(model)
    assert found.keys() == model.state_dict().keys()
    for block in range(4):
        assert {depth for entry, depth in found.items() if entry.startswith(path.format(block))} == {block / 3}
    for end, depth in others.items():
        assert {found[entry] for entry in found if end in entry} == {depth}, end
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("name", ALL)
def test_the_blocks_of_every_architecture_are_found(name):
    model = tiny_lm(name)
    found = entry_depths(model)
    blocks = {entry: int(number[1]) for entry in found if (number := re.search(r"\.(\d+)\.", entry))}
    last = max(blocks.values())
    assert last
    assert {entry: found[entry] for entry in blocks} == {entry: block / last for entry, block in blocks.items()}


def test_the_passes_of_a_training_show_the_same():
    """The first pass of an objective also tries how the model makes its logits."""
    model = tiny_lm("OPT")
    texts = [Tokens(np.arange(4, 12), np.full(8, True))]
    objective = NextToken(texts, unit="blocks", pad=0, device=torch.device("cpu"))
    assert depths_in_training(model, objective) == entry_depths(model)


def pictures(size):
    return {"preprocess_cfg": {"size": size}, "model_cfg": {"vision_cfg": {}}}


def test_a_vision_transformer_has_its_parts_in_their_order():
    tower = open_clip.model.VisionTransformer(
        image_size=16, patch_size=8, width=16, layers=3, heads=2, mlp_ratio=2.0, output_dim=8
    )
    model = classifier.ImageClassifier(tower, nn.Linear(8, 4)).requires_grad_(False)
    found = classifier.entry_depths(model, pictures(16))
    first = ("class_embedding", "positional_embedding", "conv1.weight", "ln_pre.weight", "transformer.resblocks.0.")
    last = ("transformer.resblocks.2.", "ln_post.weight", "proj")
    assert all(
        depth == 0 for entry, depth in found.items() if entry.startswith(tuple(f"visual.{one}" for one in first))
    )
    middle = [depth for entry, depth in found.items() if entry.startswith("visual.transformer.resblocks.1.")]
    assert middle == [0.5] * len(middle) != []
    ends = ("head.", *(f"visual.{one}" for one in last))
    assert all(depth == 1 for entry, depth in found.items() if entry.startswith(ends))


def test_the_residual_blocks_of_a_resnet_count_across_its_stages():
    tower = open_clip.modified_resnet.ModifiedResNet(layers=(2, 2, 3, 2), output_dim=8, heads=2, image_size=32, width=8)
    found = classifier.entry_depths(classifier.ImageClassifier(tower, nn.Linear(8, 4)).eval(), pictures(32))
    blocks = [
        f"visual.layer{stage}.{block}." for stage, count in ((1, 2), (2, 2), (3, 3), (4, 2)) for block in range(count)
    ]
    for place, block in enumerate(blocks):
        assert {depth for entry, depth in found.items() if entry.startswith(block)} == {place / 8}, block
    assert found["visual.bn1.running_mean"] == found["visual.conv1.weight"] == 0
    assert found["visual.attnpool.q_proj.weight"] == found["head.bias"] == 1


def test_blocks_count_in_the_order_of_their_calls():
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

        def forward(self, x):
            for layer in reversed(self.layers):
                x = layer(x)
            return x

    model = Backwards()
    found = depths(model, lambda: model(torch.zeros(1, 3)))
    assert [found[f"layers.{place}.weight"] for place in range(3)] == [1, 0.5, 0]


def test_a_model_without_blocks_has_no_depth():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    with pytest.raises(StudyError, match="no blocks of one class"):
        depths(model, lambda: model(torch.zeros(1, 3)))
