"""Low-rank adaptation of the query and value projections (section 3.2.2; Hu et al. 2021)."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from generality.training.methods.base import Method, register

# Attention packs query, key and value into one matrix of 3d rows: open_clip (torch's MultiheadAttention) under the
# first name, timm under the second. PEFT adapts such a matrix as a whole, keys and output projection included, so
# this is our own.
PACKED = (".in_proj_weight", ".qkv.weight")


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


@register("lora")
class LoRA(Method):
    """Trains A and B of each attention's query and value projection, and nothing else; merged at the end."""

    def __init__(self, rank: int, alpha: float | None = None):
        self.rank, self.alpha = rank, rank if alpha is None else alpha

    def begin(self, model: nn.Module, objective: object) -> None:
        model.requires_grad_(False)
        names = [name for name, _ in model.named_parameters() if name.endswith(PACKED)]
        if not names:
            raise ValueError("methods.lora: the model has no packed query-key-value projection to adapt")
        self.adapted = [name.rpartition(".")[::2] for name in names]
        for path, entry in self.adapted:
            module = model.get_submodule(path)
            parametrize.register_parametrization(module, entry, LowRank(getattr(module, entry), self.rank, self.alpha))

    def end(self, model: nn.Module) -> None:
        for path, entry in self.adapted:
            parametrize.remove_parametrizations(model.get_submodule(path), entry, leave_parametrized=True)
        model.requires_grad_(True)
