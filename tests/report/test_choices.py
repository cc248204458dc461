"""Open cards: each choice names what it was chosen over, what was looked at, and claims and studies that exist."""

import pytest

from generality.report.choices import bearing, bears_on, in_markdown, open_cards
from generality.report.claims import CLAIMS
from generality.sources import data_sources
from study_files import ROOT

CARDS = open_cards()
CLAIM_NAMES = [claim.name for claim in CLAIMS]


@pytest.mark.parametrize("card", CARDS, ids=[card["name"] for card in CARDS])
def test_a_card_is_complete(card):
    for message in ("chosen", "instead", "seen"):
        assert card[message].endswith(".")
    assert set(card["claims"]) <= set(CLAIM_NAMES)
    assert len(set(card["claims"])) == len(card["claims"])
    assert bool(card["claims"]) != bool(card["elsewhere"])
    if card["study"]:
        assert (ROOT / card["command"].split()[-1]).exists()
    assert bears_on(card)[1]


def test_names_are_different_and_every_claim_has_cards():
    assert len({card["name"] for card in CARDS}) == len(CARDS)
    assert all(bearing(CARDS, name) for name in CLAIM_NAMES)


def test_what_the_issue_names_is_there():
    """The choices that made a finding likely and were told in comments and commits alone."""
    cards = {card["name"]: card for card in CARDS}
    assert {"wise-beats-both-ends", "wise-generalises-best"} <= set(cards["noisy-captions"]["claims"])
    assert {"distributions-forgotten", "features-forgotten"} <= set(cards["recipe-b"]["claims"])
    assert [card["study"] for card in CARDS if card["study"]] == ["clean-captions", "recipe-a"]


def test_a_study_of_other_data_has_the_rules_alone():
    rules = [card["name"] for card in open_cards(["text_records"])]
    assert "the-rules-of-judging" in rules
    of_sources = {source: [card["name"] for card in open_cards([source])] for source in data_sources()}
    assert all(set(rules) <= set(names) for names in of_sources.values())
    assert "noisy-captions" in of_sources["picture_world"]
    assert "noisy-captions" not in of_sources["text_world"]
    assert {name for names in of_sources.values() for name in names} == {card["name"] for card in CARDS}


def test_a_claim_knows_its_cards_by_number_and_a_card_its_claims():
    result = dict(bearing(CARDS, "features-forgotten"))
    text = in_markdown(CARDS)
    for number, card in result.items():
        assert f"\n{number}. **{card['title']}.** " in f"\n{text}"
    assert [bears_on(card)[1] for card in CARDS if card["claims"] == CLAIM_NAMES] == ["every claim"] * 2
    assert text.count("Bears on: every claim.") == 2
    assert bears_on({"claims": [], "elsewhere": "a table"}) == ([], "a table")
