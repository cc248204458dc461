"""OPTs that a study pre-trains itself."""

from collections.abc import Mapping

from generality.config.names import form_of
from generality.config.texts import member
from generality.sources.base import ModelSource, Problems
from generality.sources.keys import block, choice, flag, listing, ref, training


class Source(ModelSource):
    """An OPT, of the architecture that Galactica has, that the study pre-trains itself, once per seed."""

    track = "language"
    order = 1
    pretrains = True
    maker = "generality.language.pretrain:pretrain_opt"
    required = ("data", "vocabulary", "architecture", "train")
    keys = {
        "data": listing(
            "Data sets of the form text whose train splits are learnt, put together in this order.", ref("data_name")
        ),
        "vocabulary": ref(
            "count",
            "Tokens, at most, of the byte-level BPE that is learnt from these texts; 260 are special or bytes.",
            minimum=261,
        ),
        "architecture": block(
            "Sizes in transformers' own words, keys of OPTConfig, which checks them as a whole when it builds the "
            "model.",
            {
                "max_position_embeddings": ref("count", "Longest text in tokens."),
                "activation_function": choice("Activation of the feed-forward parts.", "gelu", "relu"),
                "attention_dropout": ref("dropout"),
                "do_layer_norm_before": flag("True: a block normalises its input."),
                "dropout": ref("dropout"),
                "enable_bias": flag("True: linear layers have a bias."),
                "ffn_dim": ref("width", "Width of the feed-forward parts."),
                "hidden_size": ref("width", "Width."),
                "init_std": ref("positive", "Standard deviation of the initial weights."),
                "layer_norm_elementwise_affine": flag("True: layer norms have weights."),
                "layerdrop": ref("dropout"),
                "num_attention_heads": ref("depth", "Attention heads, by which hidden_size can be divided."),
                "num_hidden_layers": ref("depth", "Blocks."),
                "word_embed_proj_dim": ref("width", "Width of the token embeddings."),
            },
            required=["max_position_embeddings"],
        ),
        "train": training(
            ref("count", "Blocks per step; all their tokens are learnt."),
            block_size=ref("block_size"),
            precision=choice(
                "Precision of the products inside the model; weights and optimiser are float32 in any case.",
                *("float32", "bfloat16"),
            ),
        ),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        for index, name in enumerate(settings["data"]):
            where = f"{path}.data[{index}]"
            yield from member(where, name, ["train"], data)
            if form_of(name, data) != "text":
                yield where, f"'{name}' is not of the form text; name the corpus of a text world, or such records"
        longest, tokens = self.positions(settings), settings["train"]["block_size"]
        if tokens > longest:
            yield f"{path}.train.block_size", f"{tokens} tokens are more than the model's {longest} positions; lower it"

    def made_of(self, settings: Mapping) -> list[str]:
        return settings["data"]

    def positions(self, settings: Mapping) -> int:
        return settings["architecture"]["max_position_embeddings"]

    def arguments(self, settings: Mapping, data: Mapping[str, str]) -> dict:
        return {"data": data} | {key: settings[key] for key in ("vocabulary", "architecture", "train")}
