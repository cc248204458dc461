"""The registry of fine-tuning methods: one class each, found by the name that the config uses."""

from generality.training.methods.base import METHODS, Method, make_method
from generality.training.methods.distillation import Distillation
from generality.training.methods.lora import LoRA
from generality.training.methods.weight_penalty import L1, L2

__all__ = ["L1", "L2", "METHODS", "Distillation", "LoRA", "Method", "make_method"]
