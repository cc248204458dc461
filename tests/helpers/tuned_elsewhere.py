"""Models that other programs fine-tune: transformers' Trainer with and without PEFT, and open_clip's own training."""

from pathlib import Path
from types import SimpleNamespace

import open_clip
import torch
from open_clip_train.train import train_one_epoch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def tune_language_model(
    base: Path, folder: Path, texts: list[str], *, adapter: bool = False, steps: int = 8, lr: float = 5e-3
) -> None:
    """Fine-tune a model folder on texts with transformers' Trainer and save whole weights or a PEFT adapter."""
    torch.manual_seed(1)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base).float(), AutoTokenizer.from_pretrained(base)
    if adapter:
        model = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    rows = [{"input_ids": ids, "labels": ids} for ids in (tokenizer(text).input_ids[:64] for text in texts)]
    options = TrainingArguments(
        output_dir=str(folder.with_name(f"{folder.name}-runs")), max_steps=steps, per_device_train_batch_size=1,
        learning_rate=lr, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    Trainer(model=model, args=options, train_dataset=rows).train()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


class Batches(list):
    """Batches of (pictures, tokens) as open_clip's training reads them."""

    def __init__(self, batches: list):
        super().__init__(batches)
        self.num_batches, self.num_samples = len(batches), sum(len(pictures) for pictures, _ in batches)


def tune_clip(base: Path, file: Path, *, epochs: int = 4, lr: float = 1e-3) -> None:
    """Fine-tune a CLIP's folder with open_clip's own training loop, on coloured pictures, and save its checkpoint."""
    torch.manual_seed(1)
    model = open_clip.create_model(f"local-dir:{base}", output_dict=True)
    tokens = open_clip.get_tokenizer(f"local-dir:{base}")(["a photo of a cat", "a photo of a dog", "a bus", "a tree"])
    size = model.visual.image_size
    pictures = torch.randn(4, 3, *(size if isinstance(size, tuple) else (size, size)))
    options = SimpleNamespace(
        device="cpu", precision="fp32", distill=False, accum_freq=1, skip_scheduler=True, grad_clip_norm=None,
        horovod=False, log_every_n_steps=100, world_size=1, rank=0, batch_size=4, wandb=False,
    )  # fmt: skip
    data = {"train": SimpleNamespace(set_epoch=lambda epoch: None, dataloader=Batches([(pictures, tokens)]))}
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    for epoch in range(epochs):
        train_one_epoch(model, data, open_clip.ClipLoss(), epoch, optimizer, None, None, None, options)
    state = {"epoch": epochs, "name": "tuned", "state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(state, file)
