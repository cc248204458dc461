"""A small regression: an objective that any method can train a small network for."""

import torch
from torch import nn


class Regression:
    """A small objective: squared error of a two-layer network on fixed random data."""

    unit = "points"
    divisible = True
    labelled = True

    def __init__(self, count=64):
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(count, 5, generator=generator)
        self.y = torch.randn(count, 3, generator=generator)

    def __len__(self):
        return len(self.x)

    def batch(self, epoch, examples):
        return self.x[examples], self.y[examples]

    def predictions(self, examples):
        return len(examples), len(examples)

    def loss(self, model, batch, weigh=None):
        x, y = batch
        outputs = model(x)
        losses = (outputs - y).square().mean(1)
        if weigh:
            losses = weigh(losses.detach(), outputs, torch.arange(len(x))) * losses
        return losses.mean(), lambda: outputs

    def outputs(self, model, batch):
        return model(batch[0])

    def remember(self, model):
        outputs = model(self.x)
        return lambda examples: outputs[examples]


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 8), nn.GELU(), nn.Linear(8, 3))
