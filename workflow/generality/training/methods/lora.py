"""Low-rank adaptation of the query and value projections (section 3.2.2; Hu et al. 2021)."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from generality.training.methods.base import Method, register

# Attention packs query, key and value into one matrix of 3d rows: open_clip (torch's MultiheadAttention) under the
# first name, timm under the second. PEFT adapts such a matrix as a whole, keys and output projection included, so
# this is our own.
PACKED = (".in_proj_weight", ".qkv.weight")
SEPARATE = ("q_proj", "v_proj")  # as OPT, and so Galactica, has them


class LowRank(nn.Module):
    """W ↦ W + s·[B_q A_q; 0; B_v A_v] for a packed projection W of shape (3d, k); s = alpha / rank."""

    def __init__(self, packed: Tensor, rank: int, alpha: float):
        super().__init__()
        rows, columns = packed.shape
        self.scale = alpha / rank
        # A Gaussian, B zero, so that training starts at the pre-trained model; 1/rank keeps |Ax| near |x| as PEFT does.
        self.a = nn.Parameter(torch.randn(2, rank, columns, device=packed.device) / rank)
        self.b = nn.Parameter(torch.zeros(2, rows // 3, rank, device=packed.device))

    def forward(self, packed: Tensor) -> Tensor:
        update = self.scale * torch.bmm(self.b, self.a)
        return packed + torch.cat([update[0], torch.zeros_like(update[0]), update[1]])


class Packed:
    """Adapts the packed projections of a model in place."""

    def __init__(self, model: nn.Module, names: list[str], rank: int, alpha: float):
        self.model = model.requires_grad_(False)
        self.adapted = [name.rpartition(".")[::2] for name in names]
        for path, entry in self.adapted:
            module = model.get_submodule(path)
            parametrize.register_parametrization(module, entry, LowRank(getattr(module, entry), rank, alpha))

    def merge(self) -> None:
        for path, entry in self.adapted:
            parametrize.remove_parametrizations(self.model.get_submodule(path), entry, leave_parametrized=True)


class Separate:
    """Adapts the query and value projections that are matrices of their own, by PEFT, in place."""

    def __init__(self, model: nn.Module, rank: int, alpha: float, dropout: float):
        from peft import LoraConfig  # here, for it takes seconds to import
        from peft.tuners.lora import LoraModel

        settings = {"r": rank, "lora_alpha": alpha, "lora_dropout": dropout, "init_lora_weights": "gaussian"}
        self.tuner = LoraModel(model, {"default": LoraConfig(target_modules=list(SEPARATE), **settings)}, "default")

    def merge(self) -> None:
        self.tuner.merge_and_unload()


@register("lora")
class LoRA(Method):
    """Trains A and B of each attention's query and value projection, and nothing else; merged at the end.

    `dropout` (of what A sees; LMFlow's default is 0.1) is for projections that are matrices of their own.
    """

    def __init__(self, rank: int, alpha: float | None = None, dropout: float = 0.0):
        self.rank, self.alpha, self.dropout = rank, rank if alpha is None else alpha, dropout

    def begin(self, model: nn.Module, objective: object) -> None:
        entries = [name for name, _ in model.named_parameters()]
        if packed := [name for name in entries if name.endswith(PACKED)]:
            if self.dropout:
                raise ValueError("methods.lora.dropout: not for a packed query-key-value projection; delete this key")
            self.adapter = Packed(model, packed, self.rank, self.alpha)
        elif any(f".{name}.weight" in entry for entry in entries for name in SEPARATE):
            self.adapter = Separate(model, self.rank, self.alpha, self.dropout)
        else:
            raise ValueError(f"methods.lora: no projection ends in {', '.join((*PACKED, *SEPARATE))}; none to adapt")

    def end(self, model: nn.Module) -> None:
        self.adapter.merge()
        model.requires_grad_(True)
