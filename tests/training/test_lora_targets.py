"""LoRA changes queries and values, all of them and nothing else, however a model lays them out."""

import copy

import open_clip
import pytest
import timm
import torch
from torch import nn

from damaged import refusal
from generality.training.attention import find
from generality.training.loop import fit
from generality.training.method import make_method
from small_trainings import TRAIN
from tiny_lms import ALL, NextOf, tiny_lm

LANGUAGE = [name for name in ALL if name != "Mamba"]


def parts(order: str, size: int, times: int = 1) -> dict[str, list[int]]:
    """The rows of each part of a packed matrix that has them in this order, `times` in a row, `size` rows each."""
    rows = {role: [] for role in f"qkv{order}"}
    for number, role in enumerate(order * times):
        rows[role] += range(size * number, size * (number + 1))
    return rows


# As the code of each model splits its packed matrix.
PACKED = {
    "GPT-2": ("c_attn.weight", parts("qkv", 32)),
    "GPT-NeoX (Pythia)": ("query_key_value.weight", parts("qkv", 8, 4)),
    "BLOOM": ("query_key_value.weight", parts("qkv", 8, 4)),
    "MPT": ("Wqkv.weight", parts("qkv", 32)),
    "Phi-3": ("qkv_proj.weight", parts("qqqqkkvv", 8)),
    "CodeGen": ("qkv_proj.weight", parts("qvk", 8, 4)),
    "GPT-BigCode": ("c_attn.weight", parts("qqqqkv", 8)),
    "Falcon, grouped": ("query_key_value.weight", parts("qqkv", 8, 2)),
    "Falcon": ("query_key_value.weight", parts("qqqqkv", 8)),
    "GPT-NeoX, tied": ("query_key_value.weight", parts("qkv", 8, 4)),
    "DeepSeek-V3": ("kv_b_proj.weight", parts("kv", 8, 4)),
}
PACKED["Phi-3, long form"] = PACKED["Phi-3"]
PACKED["Qwen3.5"] = ("q_proj.weight", parts("qg", 8, 4))  # queries and their gate
CHANGED = {"Jamba": 2, "Qwen3.5": 2, "Gemma 4": 3, "DeepSeek-V3": 4}  # matrices; else 2 where packed, 4 where not
SEPARATE = ("q_proj.weight", "v_proj.weight", "q_b_proj.weight")


def train(model, objective, tmp_path, **settings):
    """A copy after four steps, and the changes of the entries that changed."""
    adapted = copy.deepcopy(model)
    method = make_method("lora", **{"rank": 2, "alpha": 4.0} | settings)
    fit(
        adapted, objective, method, train=TRAIN | {"lr": 1e-2, "batch_size": 4}, seed=1, log=tmp_path / "log.csv",
        what="test",
    )  # fmt: skip
    before, after = model.state_dict(), adapted.state_dict()
    assert before.keys() == after.keys()
    assert all(p.requires_grad for p in adapted.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in adapted.modules())
    return adapted, {name: after[name] - before[name] for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("name", LANGUAGE)
def test_queries_and_values_change_and_nothing_else(name, dropout, tmp_path):
    model = tiny_lm(name)
    _, changes = train(model, NextOf(), tmp_path, dropout=dropout)
    end, rows = PACKED.get(name, (None, None))
    assert len(changes) == CHANGED.get(name, 2 if end else 4)
    for entry, change in changes.items():
        if not (end and entry.endswith(end)):
            assert entry.endswith(SEPARATE), entry
            assert change.ne(0).any(1).all()
            assert torch.linalg.matrix_rank(change, rtol=1e-4) <= 2
            continue
        outputs = change.T if name == "GPT-2" else change
        for role in "qv":
            if rows[role]:
                assert outputs[rows[role]].ne(0).any(1).all(), role
                assert torch.linalg.matrix_rank(outputs[rows[role]], rtol=1e-4) <= 2
        assert not any(outputs[rows[role]].any() for role in rows if role not in "qv")


@pytest.mark.parametrize("targets", ["queries-values", "all-linear"])
@pytest.mark.parametrize("name", ALL)
def test_the_merged_model_is_the_unmerged_one(name, targets, tmp_path):
    if name == "Mamba" and targets == "queries-values":
        return
    model, objective = tiny_lm(name), NextOf()
    before = model(input_ids=objective.texts, use_cache=False).logits
    method, seen = make_method("lora", rank=2, targets=targets), []

    def look(step):
        if step == 4:
            model.eval()
            seen.append(model(input_ids=objective.texts, use_cache=False).logits.detach())
            model.train()

    fit(
        model, objective, method, train=TRAIN | {"lr": 1e-2, "batch_size": 4}, seed=1, log=tmp_path / "log.csv",
        what="test", after=look,
    )  # fmt: skip
    after = model(input_ids=objective.texts, use_cache=False).logits
    torch.testing.assert_close(after, seen[0], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(after, before, rtol=1e-3, atol=1e-3)


def test_a_probe_leaves_no_trace():
    model, objective = tiny_lm("GPT-NeoX (Pythia)"), NextOf()
    model.train()
    model.gpt_neox.layers[0].eval()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    attention = find(model, objective)
    assert attention.attentions == attention.complete == 2
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert model.training
    assert not model.gpt_neox.layers[0].training


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_attention_in_parts_shows_as_the_fused_one_does(attention):
    model = tiny_lm("Llama")
    model.set_attn_implementation(attention)
    projections = find(model, NextOf()).projections
    roles = {name.split(".")[-2]: list(projection.roles) for name, projection in projections.items()}
    assert roles == {"q_proj": ["query"], "k_proj": ["key"], "v_proj": ["value"]}


class Rounded(NextOf):
    """The same in bfloat16, as training on a GPU."""

    def loss(self, model, batch):
        with torch.autocast("cpu", torch.bfloat16):
            return super().loss(model, batch)


@pytest.mark.parametrize("name", ["GPT-2", "GPT-NeoX (Pythia)", "Phi-3", "Gemma 2"])
def test_neither_precision_nor_compilation_hides_anything(name):
    model, compiled = tiny_lm(name), tiny_lm(name)
    compiled.base_model.compile(backend="eager")
    expected = find(model, NextOf())
    for attention in (find(model, Rounded()), find(compiled, NextOf())):
        assert attention[1:] == expected[1:]
        assert attention.projections.keys() == expected.projections.keys()
        for entry, (axis, roles) in expected.projections.items():
            assert attention.projections[entry].axis == axis
            assert all(torch.equal(attention.projections[entry].roles[role], mask) for role, mask in roles.items())


# Image towers


class Pictures:
    """Squares of the outputs for random pictures; a training.loop.Objective."""

    unit = "pictures"
    divisible = True

    def __init__(self, size: int):
        self.pictures = torch.randn(8, 3, size, size, generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return len(self.pictures)

    def batch(self, epoch, examples):
        return self.pictures[examples]

    def predictions(self, examples):
        return len(examples), len(examples)

    def loss(self, model, batch):
        outputs = model(batch)
        return (outputs - 1).square().mean(), lambda: outputs


def open_clip_tower(**settings):
    sizes = {"image_size": 32, "patch_size": 16, "width": 32, "layers": 2, "head_width": 16}
    return open_clip.model._build_vision_tower(16, sizes | settings)


def timm_tower(name, **settings):
    return timm.create_model(name, num_classes=4, **settings)


TOWERS = {  # the tower, its pictures' size, and the rows of each packed matrix: heads of so many in a row, or blocks
    "clip": (open_clip_tower, 32, ("in_proj_weight", None)),
    "timm": (lambda: timm_tower("vit_tiny_patch16_224", img_size=32, embed_dim=32, depth=2, num_heads=2), 32,
             ("qkv.weight", None)),
    "eva02": (lambda: timm_tower("eva02_tiny_patch14_224", img_size=28, embed_dim=32, depth=2, num_heads=2), 28,
              ("qkv.weight", None)),
    "maxvit": (lambda: timm_tower("maxvit_rmlp_pico_rw_256", img_size=64, depths=(1, 1, 1, 1)), 64,
               ("qkv.weight", 32)),
    "tiny-vit": (lambda: timm_tower("tiny_vit_5m_224", depths=(1, 1, 1, 1)), 224, ("qkv.weight", 32)),
    "fastvit": (lambda: timm_tower("fastvit_mci0", layers=(1, 1, 1, 1)), 64, ("qkv.weight", None)),
}  # fmt: skip


@pytest.mark.parametrize("name", TOWERS)
def test_queries_and_values_of_a_tower(name, tmp_path):
    make, size, (end, head) = TOWERS[name]
    torch.manual_seed(0)
    model = make()
    buffers = {name for name, _ in model.named_buffers()}
    _, changes = train(model, Pictures(size), tmp_path)
    changes = {entry: change for entry, change in changes.items() if entry not in buffers}
    packed = [entry for entry, _ in model.named_parameters() if entry.endswith(end)]
    assert list(changes) == packed != []
    for change in changes.values():
        third = len(change) // 3
        rows = parts("qkv", head or third, third // head if head else 1)
        assert not change[rows["k"]].any()
        for role in "qv":
            assert change[rows[role]].ne(0).any(1).all()
            assert torch.linalg.matrix_rank(change[rows[role]], rtol=1e-4) <= 2


def test_projections_that_are_used_without_their_module_change(tmp_path):
    """The attention pool of CLIP's ResNets gives its weights to a function."""
    torch.manual_seed(0)
    tower = open_clip_tower(layers=[1, 1, 1, 1], width=8, image_size=64)
    _, changes = train(tower, Pictures(64), tmp_path)
    buffers = {name for name, _ in tower.named_buffers()}
    assert set(changes) - buffers == {"attnpool.q_proj.weight", "attnpool.v_proj.weight"}
    assert "'attnpool.q_proj.weight' is out of its reach" in refusal(train, tower, Pictures(64), tmp_path, dropout=0.1)


def test_heads_that_are_mixed_before_the_softmax_show(tmp_path):
    torch.manual_seed(0)
    model = timm_tower("cait_xxs24_224", img_size=32, embed_dim=32, depth=2, num_heads=2)
    _, changes = train(model, Pictures(32), tmp_path)
    ends = {f"blocks.{number}.attn.qkv.weight" for number in range(2)}
    assert set(changes) == ends | {
        f"blocks_token_only.{number}.attn.{role}.weight" for number in range(2) for role in "qv"
    }


# Targets


def test_a_model_without_attention_names_the_key(tmp_path):
    line = "methods.lora.targets: this model has no attention whose queries and values show; set all-linear, or names"
    assert refusal(train, tiny_lm("Mamba"), NextOf(), tmp_path).startswith(line)
    torch.manual_seed(0)
    convnext = timm.create_model("convnext_tiny", num_classes=0, dims=(8, 16, 16, 16), depths=(1, 1, 1, 1))
    assert refusal(train, convnext, Pictures(64), tmp_path).startswith(line)
    _, changes = train(convnext, Pictures(64), tmp_path, targets="all-linear")
    assert len(changes) == 8  # two layers of each stage's perceptron


def test_the_share_is_told_and_what_has_no_attention(tmp_path, capsys):
    train(tiny_lm("Jamba"), NextOf(), tmp_path)
    message = capsys.readouterr().err
    assert "lora adapts queries and values of 1 of 1 attentions, in 1 of 4 layers (2 matrices): " in message
    model = tiny_lm("Llama")
    train(model, NextOf(), tmp_path)
    share = (2 * 32 * 32 + 2 * 16 * 32) / sum(p.numel() for p in model.parameters())
    assert f"in 2 of 2 layers (4 matrices): {share:.2%} of all parameters" in capsys.readouterr().err


def test_all_linear_layers_but_the_head_change(tmp_path, capsys):
    for name in ("Llama", "GPT-2", "GPT-NeoX, tied", "Mamba"):
        model = tiny_lm(name)
        _, changes = train(model, NextOf(), tmp_path, targets="all-linear")
        linear = (nn.Linear, type(tiny_lm("GPT-2").transformer.h[0].attn.c_attn))
        layers = {f"{path}.weight" for path, module in model.named_modules() if isinstance(module, linear)}
        assert set(changes) == layers - {"lm_head.weight", "embed_out.weight"}
    _, changes = train(open_clip_tower(), Pictures(32), tmp_path, targets="all-linear")
    assert len(changes) == 2 * 4  # in and out of attention and perceptron
    capsys.readouterr()


def test_all_linear_says_which_experts_it_leaves_out(tmp_path, capsys):
    _, changes = train(tiny_lm("Mixtral"), NextOf(), tmp_path, targets="all-linear")
    assert len(changes) == 2 * 4
    message = capsys.readouterr().err
    assert "all 8 linear layers but the head; not model.embed_tokens.weight, " in message
    for name in ("mlp.experts.gate_up_proj", "mlp.experts.down_proj", "mlp.gate.weight", "lm_head.weight"):
        assert name in message


def test_layers_are_named_by_their_ends(tmp_path):
    _, changes = train(tiny_lm("Llama"), NextOf(), tmp_path, targets=["o_proj", "layers.1.mlp.up_proj"])
    assert set(changes) == {
        "model.layers.0.self_attn.o_proj.weight", "model.layers.1.self_attn.o_proj.weight",
        "model.layers.1.mlp.up_proj.weight",
    }  # fmt: skip
    _, changes = train(tiny_lm("GPT-2"), NextOf(), tmp_path, targets=["c_attn"])
    assert all(change.ne(0).any(0).all() for change in changes.values())  # keys as well: all of the layer
    message = refusal(train, tiny_lm("Llama"), NextOf(), tmp_path, targets=["o_proj", "proj"])
    assert message == (
        "methods.lora.targets: no linear layer's name ends in 'proj'; there are down_proj, gate_proj, k_proj, lm_head, "
        "o_proj, q_proj, up_proj, v_proj"
    )
    message = refusal(train, tiny_lm("Llama, tied"), NextOf(), tmp_path, targets=["lm_head"])
    assert message.startswith("methods.lora.targets: model.embed_tokens and lm_head are one matrix; name layers")
