"""Learning-rate schedules."""

import math


def lr_factor(step: int, steps: int, warmup_steps: int, kind: str) -> float:
    """Return the factor on the peak learning rate at `step` (counted from 0) of `steps`.

    The factor rises linearly over `warmup_steps` and then falls to zero at the end: `cosine` (Appendix E, CLIP) or
    `linear` (Appendix E, Galactica).
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * progress)) if kind == "cosine" else 1 - progress
