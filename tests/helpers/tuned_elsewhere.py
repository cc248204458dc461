"""Models that other programs fine-tune: transformers' Trainer with and without PEFT, and open_clip's own training."""

from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def tune_language_model(base: Path, folder: Path, texts: list[str], *, adapter: bool, steps: int = 8) -> None:
    """Fine-tune a model folder on texts with transformers' Trainer and save whole weights or a PEFT adapter."""
    torch.manual_seed(1)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base).float(), AutoTokenizer.from_pretrained(base)
    if adapter:
        model = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    rows = [{"input_ids": ids, "labels": ids} for ids in (tokenizer(text).input_ids[:64] for text in texts)]
    options = TrainingArguments(
        output_dir=str(folder.with_name(f"{folder.name}-runs")), max_steps=steps, per_device_train_batch_size=1,
        learning_rate=5e-3, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    Trainer(model=model, args=options, train_dataset=rows).train()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
