"""Models and trainings of a few steps, as a study file has them."""

ARCHITECTURE = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "timm_model_name": "tiny_stem_vit", "timm_pool": "avg", "timm_proj": ""},
    "text_cfg": {"context_length": 12, "width": 32, "heads": 2, "layers": 1},
}
PRETRAIN = {
    "steps": 8,
    "batch_size": 32,
    "muon_lr": 0.02,
    "adamw_lr": 3e-3,
    "weight_decay": 0.01,
    "clip_norm": 1.0,
    "augment": "none",
}
TRAIN = {
    "optimizer": "adamw", "lr": 1e-3, "betas": [0.9, 0.999], "weight_decay": 0.01, "schedule": "cosine",
    "warmup": 0.1, "clip_norm": 1.0, "batch_size": 16, "epochs": 2, "augment": "none",
    "precision": "float32", "compile": False,
}  # fmt: skip
# The preprocessing of a file's weights, for architectures without weights in open_clip.
PICTURES = {"mean": [0.4] * 3, "std": [0.2] * 3, "interpolation": "bicubic", "resize_mode": "shortest"}
METHODS = {
    "full": {}, "l1": {"lambda": 1e-3}, "l2": {"lambda": 0.1}, "kd": {"lambda": 0.1}, "lora": {"rank": 2},
    "kl": {"lambda": 0.1}, "ewc": {"lambda": 0.1}, "freeze": {"share": 0.5}, "layer_rates": {"decay": 0.5},
    "replay_control": {"share": 0.5}, "flow": {}, "eaft": {},
}  # fmt: skip

LANGUAGE_TRAIN = {
    "optimizer": "adam", "lr": 1e-3, "betas": [0.9, 0.999], "weight_decay": 0.0, "schedule": "linear", "warmup": 0.0,
    "clip_norm": 1.0, "batch_size": 4, "epochs": 2, "packing": "blocks", "block_size": 32, "loss_on": "answer",
    "precision": "float32", "compile": False,
}  # fmt: skip
OPT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 64, "word_embed_proj_dim": 32,
    "max_position_embeddings": 64, "init_std": 0.05, "dropout": 0.1,
}  # fmt: skip
LANGUAGE_PRETRAIN = {
    "steps": 12, "batch_size": 8, "block_size": 32, "muon_lr": 0.02, "adamw_lr": 6e-3, "weight_decay": 0.0,
    "clip_norm": 1.0, "precision": "float32",
}  # fmt: skip
