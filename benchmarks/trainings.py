"""Tools for the benches of training: the study's models with random weights, and trainings that take turns."""

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from copy import deepcopy
from pathlib import Path

import numpy as np
import open_clip
import torch
import yaml
from torch import nn
from transformers import OPTConfig, OPTForCausalLM

import generality.vision.tiny_stem_vit  # noqa: F401  registers the embedded study's image tower
from generality.data.image_set import ImageSet
from generality.data.picture_world.world import classes
from generality.data.text_set import open_text_set
from generality.data.text_world.world import write_texts
from generality.language.blocks import pack, tokenize
from generality.language.objective import NextToken
from generality.language.tokenizer import train_tokenizer
from generality.speed.settings import SETTINGS, tiny
from generality.speed.subjects import make_subject
from generality.training.loop import Objective, fit, order
from generality.training.method import Method
from generality.vision.classifier import ImageClassifier
from generality.vision.objective import ImageClassification

STUDY = yaml.safe_load((Path(__file__).parents[1] / "config.yaml").read_text(encoding="utf-8"))
CPU = torch.device("cpu")
SEED = 1
# Pictures in a batch of ViT-B/16: 7 s a step on a core, for 30 steps; the paper's 512 would take 7 minutes a step.
BATCH = 8
VOCABULARY_TEXTS = 2000  # of the corpus's 36,000: enough for all 2,000 tokens
VISION = STUDY["experiments"]["imagenet"]["train"] | {"precision": "float32"}
LANGUAGE = STUDY["experiments"]["medmcqa"]["train"] | {"precision": "float32"}
WORLD = STUDY["data"]["imagenet"]


class Turns:
    """A training that takes `steps` steps at each call, and waits in a thread of its own in between.

    `train(after)` runs the whole training, and calls `after(k)` after k steps, 0 included. So each side continues its
    own training, and trainings take turns without a new beginning.
    """

    def __init__(self, train: Callable[[Callable[[int], None]], object], steps: int):
        self.train, self.steps, self.ended = train, steps, False
        self.error: BaseException | None = None
        self.go, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self._wait()

    def __call__(self) -> None:
        self.go.release()
        self._wait()

    def end(self) -> None:
        """Stop the training where it is, and free its memory."""
        self.ended = True
        self.go.release()
        self.thread.join()

    def _wait(self) -> None:
        self.done.acquire()
        if self.error:
            raise self.error

    def _after(self, step: int) -> None:
        if step % self.steps == 0:
            self.done.release()
            self.go.acquire()
            if self.ended:
                raise SystemExit

    def _run(self) -> None:
        try:
            self.train(self._after)
            self.error = RuntimeError("the training is at its end")
        except SystemExit:
            pass
        except BaseException as error:  # the waiting thread raises it
            self.error = error
        self.done.release()


@contextmanager
def taking_turns(trainings: dict[str, Callable], steps: int) -> Iterator[dict[str, Turns]]:
    """Yield the trainings as turns of `steps` steps; hide their progress bars, which would overwrite each other."""
    turns: dict[str, Turns] = {}
    with redirect_stderr(io.StringIO()):
        try:
            for name, train in trainings.items():
                turns[name] = Turns(train, steps)
            yield turns
        finally:
            for one in turns.values():
                one.end()


def seconds_of_a_step(turn: Callable[[], None], steps: int) -> float:
    """Run a turn, and return the seconds of one of its steps."""
    start = time.perf_counter()
    turn()
    return (time.perf_counter() - start) / steps


def ms(seconds: Iterable[float]) -> list[float]:
    """Return seconds as milliseconds."""
    return [1000 * each for each in seconds]


def training(model: nn.Module, objective: Objective, method: Method, train: dict, log: Path) -> Callable:
    """Return the project's own loop on a copy of the model, as `Turns` takes it."""
    copy = deepcopy(model)
    return lambda after: fit(copy, objective, method, train=train, seed=SEED, log=log, what=log.stem, after=after)


def vit_b_16(batch: int, augment: str, small: bool) -> tuple[nn.Module, Objective, dict]:
    """Return the paper's ViT-B/16 with a head of 1,000 classes, and `batch` random pictures for every step."""
    settings = (tiny(SETTINGS) if small else SETTINGS)["models"]["tiny-vit-b-16" if small else "vit-b-16"]
    train = settings["train"] | {
        "batch_size": batch, "micro_batch": batch, "augment": augment, "precision": "float32", "epochs": 1000,
    }  # fmt: skip
    subject = make_subject(settings | {"train": train}, SEED, CPU)
    assert small or sum(p.numel() for p in subject.model.parameters()) > 80e6
    return subject.model, subject.objective, train


def tiny_clip(augment: str, small: bool) -> tuple[nn.Module, Objective, dict]:
    """Return the embedded study's classifier and random pictures, as many as it is fine-tuned on."""
    architecture, size = STUDY["models"]["tiny-clip"]["architecture"], WORLD["size"]
    count, train = (16, VISION | {"batch_size": 8, "epochs": 100}) if small else (WORLD["counts"]["train"], VISION)
    torch.manual_seed(SEED)
    rng, named = np.random.default_rng(SEED), len(classes("imagenet", "in"))
    model = ImageClassifier(open_clip.CLIP(**architecture).visual, nn.Linear(architecture["embed_dim"], named))
    images = rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    data = ImageSet(images, rng.integers(0, named, count), list(map(str, range(count))), [], {})
    objective = ImageClassification(
        data, preprocess_cfg={"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD},
        augmentation=augment, seed=SEED, device=CPU,
    )  # fmt: skip
    return model, objective, train


def tiny_opt(folder: Path, small: bool) -> tuple[nn.Module, NextToken, dict]:
    """Return the embedded study's OPT and its real blocks, since the share of answers in them matters."""
    settings, questions = STUDY["models"]["tiny-opt"], STUDY["data"]["medical"]
    count, texts, vocabulary = questions["counts"]["train"], VOCABULARY_TEXTS, settings["vocabulary"]
    train = LANGUAGE
    if small:
        count, texts, vocabulary, train = 100, 100, 300, LANGUAGE | {"batch_size": 2, "epochs": 100}
    for name, domain, number in (("medical", "medmcqa", count), ("corpus", "all", texts)):
        write_texts(
            folder / name, family=name, domain=domain, split="train", count=number, seed=STUDY["data"][name]["seed"]
        )
    corpus = open_text_set(folder / "corpus").examples
    tokenizer = train_tokenizer((example["text"] for example in corpus), vocabulary)
    examples = tokenize(open_text_set(folder / "medical"), tokenizer, train["loss_on"])
    blocks = pack(examples, train["block_size"], order(SEED, 0, len(examples)))
    torch.manual_seed(SEED)
    config = OPTConfig(
        **settings["architecture"], vocab_size=len(tokenizer), bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    objective = NextToken(blocks, unit="blocks", pad=tokenizer.pad_token_id, device=CPU)
    return OPTForCausalLM(config), objective, train
