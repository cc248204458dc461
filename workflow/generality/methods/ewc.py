"""Elastic weight consolidation: an L2 penalty by the importance of each parameter (Kirkpatrick et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import PENALTY, Key, Trained
from generality.training.weight_penalty import STRENGTH, WeightPenalty

if TYPE_CHECKING:
    from torch import Tensor, nn

EXAMPLES = 256  # whose gradients measure the importance; each is a pass of its own

DATA = Key(
    "data",
    "The data set whose train split says what matters to the pre-trained model, such as its pre-training's. Default: "
    "the fine-tuning set.",
    {"$ref": "#/$defs/data_name"},
)


class EWC(WeightPenalty):
    """λ · Σ F·(θ − θ₀)²; its gradient is 2λ · F·(θ − θ₀).

    F is the diagonal of the Fisher information of the pre-trained model (`training.importance`), divided by its mean.
    So λ has the L2 penalty's meaning where all parameters matter alike. F is measured on the data set in the folder
    `data`, or on the fine-tuning set without one.
    """

    def __init__(self, data: str = "", **hyperparameters: float):
        super().__init__(**hyperparameters)
        self.data = data

    def begin(self, model: nn.Module, objective: object) -> None:
        from generality.training.importance import squared_gradients

        super().begin(model, objective)
        measured = objective.beside(self.data) if self.data else objective
        importance = squared_gradients(model, measured, self.trained, EXAMPLES)
        mean = sum(one.double().sum().item() for one in importance) / sum(one.numel() for one in importance)
        self.others = [[one.div_(mean or 1.0) for one in importance]]

    def add_gradient(self, gradient: Tensor, change: Tensor, importance: Tensor) -> None:
        gradient.addcmul_(change, importance, value=2 * self.weight)

    def size(self, change: Tensor, importance: Tensor) -> Tensor:
        return (importance * change.square()).sum()


METHOD = Trained(
    label="EWC",
    description=(
        "Elastic weight consolidation (Kirkpatrick et al. 2017): lambda x the sum of F x (weight - pre-trained "
        "weight)^2 is added to the loss. F, of mean 1, is the squared gradient of the pre-trained model's loss on "
        "`data`, or on the fine-tuning set."
    ),
    formula="λ · Σ F · (θ − θ₀)²",
    scope=(
        "as L2; F is the mean squared gradient of the pre-trained model on `data` or, without it, the fine-tuning set, "
        "divided by its mean"
    ),
    source="Kirkpatrick et al. 2017",
    grid=STRENGTH, fixed=(DATA,), wants=("data",), family=PENALTY, order=12, color="#0072B2", marker=">", make=EWC,
)  # fmt: skip
