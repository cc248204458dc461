"""Write captions in many words: like the web's, which are not always right, or clean."""

from generality.data.picture_world import CLEAN, WEB, colours
from generality.data.picture_world.kinds import KINDS, Kind

# Captions like the web's are often wrong, in these shares; clean ones name the thing and no other.
# workflow/resources/choices.csv tells how the shares were chosen.
PARTNER = 0.25  # share of captions that name the class's look-alike
NOISY = 0.10  # share of captions that name a hypernym or some other thing
HYPERNYM = 0.5  # share of the noisy captions that are merely vague
ALONE = 0.35  # share of the captions with a look-alike that name nothing else: their author mistook the thing

# Captions mention details now and then, and the style often enough to tell styles apart.
COLOUR, PLACE, TAIL = 0.25, 0.25, 0.12

PAIRS = ("{} or {}", "{} and {}", "{} next to {}", "{} like {}")
PHRASES = (
    "{style} of {thing}",
    "{style} of {thing}",
    "{style} of {thing}",
    "{style} showing {thing}",
    "{label} {bare}",
    "{thing}",
    "the {bare}",
    "my {bare}",
    "{bare}",
    "this is {thing}",
    "look at this {bare}",
    "close up of {thing}",
)
PAIR_PHRASES = ("{style} of {thing}", "{thing}", "this is {thing}")
TAILS = ("for sale", "for kids", "free download", "high quality", "on the web", "by me", "from above", "at home")
PLACE_WORDS = {
    "sky": "in the sky",
    "sea": "in the sea",
    "sand": "on the beach",
    "grass": "on the grass",
    "forest": "in the forest",
    "room": "in a room",
    "table": "on a table",
    "street": "on the street",
    "night": "at night",
    "snow": "in the snow",
}
WIDTH = 24  # random numbers that a caption takes


def with_article(words: str) -> str:
    """Return the words after "a" or "an"."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def caption(kind: Kind, numbers: list[float], style: str, colour: int, place: int, captions: str = WEB) -> str:
    """Return the caption of one picture of `kind`, a function of its `numbers` (WIDTH of them, from 0 to 1).

    `style` is a word for the kind of picture. `colour` and `place` index colours.NAMES and colours.PLACE_NAMES; -1
    stands for a colour or place that does not show. A clean caption takes the same numbers as one like the web's, and
    has the same words where that names the thing alone.
    """
    draw = iter(numbers)

    def choose(options):
        return options[int(next(draw) * len(options))]

    name, fate = kind.name, next(draw)
    vague, alone, swap = next(draw) < HYPERNYM, next(draw) < ALONE, next(draw) < 0.5
    other, pair, phrase, pair_phrase = choose(list(KINDS)), choose(PAIRS), choose(PHRASES), choose(PAIR_PHRASES)
    adjective = next(draw) < COLOUR and colour >= 0
    fate = 1.0 if captions == CLEAN else fate
    if fate < NOISY:
        name = kind.hypernym if vague else other
    elif fate < NOISY + PARTNER and alone:
        name = kind.partner
    bare = f"{colours.NAMES[colour]} {name}" if adjective else name
    thing = with_article(bare)
    if NOISY <= fate < NOISY + PARTNER and not alone:
        both = (with_article(kind.partner), thing)
        thing, phrase = pair.format(*(both if swap else both[::-1])), pair_phrase
    words = phrase.format(style=with_article(style), label=style, thing=thing, bare=bare)
    if next(draw) < PLACE and place >= 0:
        words += f" {PLACE_WORDS[colours.PLACE_NAMES[place]]}"
    if next(draw) < TAIL:
        words += f" {choose(TAILS)}"
    return words
