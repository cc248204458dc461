"""Dark experience replay: distillation on other data than the task's (Buzzega et al. 2020)."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from generality.methods import REHEARSAL, Key, Trained
from generality.training.rehearsal import DATA, SHARE, Rehearsal, by_share
from generality.training.weight_penalty import STRENGTH

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

# As many as of the task, which is the authors' choice.
HALF = Key("share", "Share of all examples from the other data. Default 0.5.", {**SHARE.schema, "default": 0.5})


class DarkReplay(Rehearsal):
    """Rehearsal whose term is λ · ‖f(x) − f₀(x)‖² on the logits of the other data, averaged over predictions.

    With `labels` the example's own loss is added, as DER++ does.
    """

    def __init__(self, share: float, data: str, labels: bool = False, **hyperparameters: float):
        super().__init__(share, data)
        self.weight, self.labels = hyperparameters["lambda"], labels

    def begin(self, model: nn.Module, objective: Any) -> None:
        super().begin(model, objective)
        self.teacher = copy.deepcopy(model).eval().requires_grad_(False)

    def terms(self, rows: np.ndarray, shares: Tensor) -> Tensor:
        import numpy as np
        import torch

        from generality.training.logits import squared_distance

        sizes = np.array([self.others.predictions(np.array([row]))[1] for row in rows])
        alike: dict[tuple, list[int]] = {}  # rows of equal weight and equally many outputs share a pass
        for place, pair in enumerate(zip(shares.tolist(), sizes.tolist(), strict=True)):
            alike.setdefault(pair, []).append(place)
        total = torch.zeros((), device=shares.device)
        for (share, _), places in alike.items():
            batch = self.others.batch(self.epoch, rows[places])
            if self.labels:
                loss, outputs = self.others.loss(self.model, batch, weigh=by_share(shares[places]))
                total, ours = total + loss, outputs()
            else:
                ours = self.others.outputs(self.model, batch)
            with torch.no_grad():
                theirs = self.others.outputs(self.teacher, batch)
            total = total + share * len(places) * self.weight * squared_distance(ours, theirs) / len(ours)
        return total


METHOD = Trained(
    label="Dark replay (DER)",
    description=(
        "Dark experience replay (Buzzega et al. 2020): distillation on pictures or texts of another data set, such as "
        "the pre-training's. Pictures need no classes."
    ),
    formula="λ · ‖f(x) − f₀(x)‖² over examples x of other data",
    scope="pictures, with classes or without, or texts: the set `data`",
    source="Buzzega et al. 2020",
    grid=STRENGTH, fixed=(HALF, DATA), needs=("data",),
    family=REHEARSAL, order=22, color="#F0E442", marker="d", make=DarkReplay,
)  # fmt: skip
