"""Muon, as pre-training takes it: torch's own, in float32 on a CPU."""

import pytest
import torch
import torch.optim._muon as torchs

from generality.training.muon import Muon, in_bfloat16, orthogonalised

COEFFICIENTS = (3.4445, -4.775, 2.0315)  # torch's defaults


@pytest.mark.parametrize("shape", [(24, 8), (8, 24), (8, 8)])
def test_orthogonalised_is_torchs_in_more_digits(shape):
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    before = gradient.clone()
    one, exact, rough = (
        orthogonalised(gradient, COEFFICIENTS, 5, 1e-7),
        orthogonalised(gradient.double(), COEFFICIENTS, 5, 1e-7),
        in_bfloat16(gradient, COEFFICIENTS, 5, 1e-7),
    )
    assert one.dtype == torch.float32
    torch.testing.assert_close(one.double(), exact, rtol=0, atol=1e-5)
    torch.testing.assert_close(one, rough.float(), rtol=0, atol=0.03)
    assert (one - rough.float()).abs().max() > 1e-4  # which bfloat16's 8 bits are
    values = torch.linalg.svdvals(one)
    assert 0.5 < values.min() <= values.max() < 1.5
    assert torch.equal(gradient, before)


def test_a_step_is_torchs_up_to_bfloat16(monkeypatch):
    weights = torch.randn(16, 8, generator=torch.Generator().manual_seed(2))
    gradients = torch.randn(3, 16, 8, generator=torch.Generator().manual_seed(3))
    ours, theirs = (torch.nn.Parameter(weights.clone()) for _ in range(2))
    options = {"lr": 0.02, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}
    for kind, parameter in ((Muon, ours), (torch.optim.Muon, theirs)):
        optimizer = kind([parameter], **options)
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
        assert optimizer.state[parameter].keys() == {"momentum_buffer"}
    torch.testing.assert_close(ours, theirs, rtol=0, atol=3 * 0.02 * 0.2 * 4 * 0.03)
    assert not torch.equal(ours, theirs)
    assert torchs._zeropower_via_newtonschulz is in_bfloat16  # torch's own is what it was
