"""Small sets of pictures and texts with something to learn."""

import numpy as np

from generality.data.image_set import new_image_set
from generality.data.text_set import write_text_set

CLASSES = ["apple", "pear", "fire truck", "bus"]
COLOURS = ["red", "green", "blue", "black"]
THINGS = ["apple", "leaf", "sky", "coal", "rose", "frog", "sea", "crow"]


def make_image_set(folder, count, *, classes=CLASSES, captions=False, seed=0, size=32, source=None):
    """Write an image set of noise with a bright band, whose height is the class; return the folder."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(classes)
    texts = [f"a photo of a {classes[label]}" for label in labels] if captions else ()
    ids = [f"picture-{i}" for i in range(count)]
    with new_image_set(folder, size, labels, ids, classes, source or {"kind": "test"}, texts) as images:
        images[:] = rng.integers(0, 128, images.shape)
        for picture, label in zip(images, labels, strict=True):
            picture[6 * label : 6 * label + 6] += 100
    return folder


def make_text_set(folder, form, count, *, seed=0, source=None):
    """Write a text set of sentences about colours of things, learnable from each other; return the folder."""
    rng = np.random.default_rng(seed)
    examples = []
    for index in range(count):
        thing = int(rng.integers(len(THINGS)))
        right, order = COLOURS[thing % 4], rng.permutation(4)
        example = {"id": f"{form}-{index}"}
        match form:
            case "text":
                example |= {"text": f"the {THINGS[thing]} is {right} ."}
            case "choice":
                choices = [COLOURS[i] for i in order]
                example |= {
                    "prompt": f"what colour has the {THINGS[thing]} ?", "choices": choices,
                    "answer": choices.index(right), "cluster": f"thing {thing}",
                }  # fmt: skip
            case "instruction":
                example |= {
                    "prompt": f"###Human: tell me about the {THINGS[thing]}###Assistant:",
                    "response": f"it is {right} , the {THINGS[thing]} .",
                    "cluster": f"thing {thing}",
                }
        examples.append(example)
    write_text_set(folder, form, examples, source or {"kind": "test"})
    return folder
