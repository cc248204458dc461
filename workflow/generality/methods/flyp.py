"""FLYP: fine-tuning by the loss of pre-training, on prompts of the classes (Goyal et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from generality.errors import StudyError
from generality.methods import Trained
from generality.training.method import Method

if TYPE_CHECKING:
    from torch import nn


class FLYP(Method):
    """Both towers learn to pair each picture with a prompt of its class; the tuned text tower makes the head.

    `clip` is the folder of the pre-trained model, `templates` are the experiment's. One of them is drawn for each
    picture in each epoch. As in the authors' code, pictures of one class count as negatives of each other.
    """

    def __init__(self, clip: str, templates: Sequence[str] | str):
        self.clip, self.templates = clip, templates

    def begin(self, model: nn.Module, objective: Any) -> None:
        from torch.nn import Identity

        from generality.data.pictures.class_names import in_prompt
        from generality.training import processes
        from generality.vision.clip import load_clip
        from generality.vision.zero_shot import prompts

        if processes.count() > 1:
            raise StudyError("methods.flyp: its loss compares a whole batch, so it takes one process; ask for one GPU")
        clip, self.tokenizer, _ = load_clip(self.clip)
        if getattr(clip, "logit_bias", None) is not None:
            raise StudyError("methods.flyp: this model was pre-trained by SigLIP's loss, which FLYP has not; delete it")
        clip.visual = Identity()
        self.model, self.names = model, [in_prompt(name) for name in objective.data.classes]
        self.templates = prompts(self.templates)
        model.text = clip.to(next(model.parameters()).device).train()
        model.head.requires_grad_(False)

    def objective(self, task: Any) -> Any:
        import torch

        from generality.vision.class_captions import ClassCaptions

        where = next(self.model.parameters()).device
        captions = [[fill(name) for name in self.names] for fill in self.templates]
        return ClassCaptions(task, torch.stack([self.tokenizer(texts) for texts in captions]).to(where))

    def end(self, model: nn.Module) -> None:
        import torch

        from generality.vision.zero_shot import zero_shot_head

        text = model.text.to("cpu").eval()
        del model.text
        head = zero_shot_head(text, self.tokenizer, self.names, self.templates)
        with torch.no_grad():
            model.head.weight.copy_(head.weight)
            model.head.bias.copy_(head.bias)
        model.head.requires_grad_(True)


METHOD = Trained(
    label="FLYP",
    description=(
        "Fine-tuning by the contrastive loss of pre-training, of pictures and prompts of their classes (Goyal et al. "
        "2023). The tuned text tower makes the head."
    ),
    formula="the contrastive loss of pictures and prompts of their classes, in place of the classes' loss",
    scope="CLIP: both towers; the tuned text tower makes the head",
    source="Goyal et al. 2023",
    given=("clip",), keys=("templates",), tracks=("vision",), order=27, color="#D55E00", marker="d", make=FLYP,
)  # fmt: skip
