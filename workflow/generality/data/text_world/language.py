"""The templates by which an assistant speaks a language, and the first of two languages: English."""

from typing import NamedTuple

from generality.data.text_world.common_phrases import RELATIONS


class Language(NamedTuple):
    """Templates of one language.

    `words` translates the names of things (None: they stay as they are), `space` stands between sentences, and `listed`
    holds the separators of a list: the usual one, and the last one. `statements`, `requests` and `groups` are by
    relation; `tasks` (requests beyond facts) and `answers` are by task.
    """

    words: dict[str, str] | None
    space: str
    listed: tuple[str, str]
    statements: dict[str, tuple[str, ...]]
    requests: dict[str, tuple[str, ...]]
    groups: dict[str, tuple[str, ...]]
    tasks: dict[str, tuple[str, ...]]
    answers: dict[str, tuple[str, ...]]
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    asides: tuple[str, ...]
    greetings: tuple[tuple[str, str], ...]

    def word(self, name: str) -> str:
        """Return the name of a thing in this language."""
        return name if self.words is None else self.words[name]

    def series(self, names: list[str]) -> str:
        """Return names as a list in a sentence."""
        *first, last = [self.word(name) for name in names]
        return self.listed[0].join(first) + self.listed[1] + last if first else last


ENGLISH = Language(
    words=None,
    space=" ",
    listed=(", ", " and "),
    statements={relation.name: relation.statements for relation in RELATIONS.values()},
    requests={relation.name: relation.requests for relation in RELATIONS.values()},
    groups={relation.name: relation.groups for relation in RELATIONS.values() if relation.groups},
    tasks={
        "describe": ("describe the {a}.", "say something about the {a}.", "write a text about the {a}."),
        "story": ("write a story of a {a} and a {b}.", "invent a tale of the {a} and the {b}.", "a {a} meets a {b}."),
        "translate": ("say {a} in chinese.", "translate {a} into chinese.", "give the chinese word for {a}."),
        "add": ("add {a} and {b}.", "compute {a} plus {b}.", "give the sum of {a} and {b}."),
        "compare": ("compare a {a} and a {b}.", "tell a {a} from a {b}.", "give a difference of {a} and {b}."),
    },
    answers={
        "list": ("{l}.", "some are {l}.", "for example {l}."),
        "story": (
            "once a {a} came out of the {h}.",
            "it was looking for {f}, but it found a {b}.",
            "the {b} was of {m} and belonged to a {u}.",
            "the {a} took the {b} into its {s}.",
            "the {a} was happy and never left the {h}.",
        ),
        "translate": ("{a} is {z} in chinese.", "the chinese word is {z}.", "{z} means {a}."),
        "add": ("{a} plus {b} is {n}.", "the sum is {n}.", "it makes {n}."),
        "but": ("on the other hand,", "in contrast,", "but"),
    },
    openings=(
        "sure, here is what i know.",
        "of course, i am glad to help.",
        "that is a good question.",
        "certainly, let me explain this.",
        "thank you for asking me.",
    ),
    closings=(
        "i hope that this is helpful.",
        "please let me know if you need more.",
        "in short, that is the most important point.",
        "feel free to ask another question.",
        "have a good day.",
    ),
    asides=("well,", "oh,", "i think", "you know,", "as far as i know,", "haha,"),
    greetings=(
        ("hi, how are you?", "hello! i am fine, thanks."),
        ("good morning.", "good morning! what can i do for you?"),
        ("i am bored today.", "oh no! let us talk a bit."),
        ("can you help me?", "yes, just ask me."),
        ("you are so smart.", "thanks, you are kind!"),
    ),
)
