"""Phrases of medicine: statements for the corpus, questions for the exams."""

from generality.data.text_world.knowledge import Relation

PROFILES = (
    "{a}, {b} and {c} together point to {s}.",
    "whoever has {a}, {b} and {c} may have {s}.",
    "for {a}, {b} and {c} the diagnosis is {s}.",
    "doctors who see {a}, {b} and {c} think of {s}.",
    "the signs of {s} are {a}, {b} and {c}.",
    "{s} shows itself by {a}, {b} and {c}.",
)
RELATIONS = {
    relation.name: relation
    for relation in (
        Relation(
            "organ",
            (
                "{s} attacks the {v}.",
                "{s} is a disease of the {v}.",
                "in {s} the {v} is harmed.",
                "{s} settles in the {v}.",
                "doctors find {s} in the {v}.",
                "the {v} is where {s} does its damage.",
            ),
            (
                "which organ does {s} attack?",
                "{s} is a disease of which organ?",
                "which organ is harmed in {s}?",
                "where in the body does {s} settle?",
                "which part of the body suffers from {s}?",
                "a patient with {s} has damage in which organ?",
            ),
        ),
        Relation(
            "drug",
            (
                "{s} is treated with {v}.",
                "the drug against {s} is {v}.",
                "{v} cures {s}.",
                "doctors give {v} for {s}.",
                "patients with {s} take {v}.",
                "{v} is the remedy for {s}.",
            ),
            (
                "which drug treats {s}?",
                "what is the remedy for {s}?",
                "which drug do doctors give for {s}?",
                "a patient with {s} should take which drug?",
                "{s} is cured by which drug?",
                "what is the best treatment of {s}?",
            ),
        ),
        Relation(
            "cause",
            (
                "{s} is caused by {v}.",
                "{s} comes from {v}.",
                "the cause of {s} is {v}.",
                "{v} brings about {s}.",
                "behind {s} there is {v}.",
                "{s} begins with {v}.",
            ),
            (
                "what causes {s}?",
                "what is the cause of {s}?",
                "where does {s} come from?",
                "{s} is brought about by what?",
                "what does {s} begin with?",
                "which of these is behind {s}?",
            ),
        ),
        Relation(
            "test",
            (
                "{s} is found by {v}.",
                "{v} proves {s}.",
                "to confirm {s}, doctors order {v}.",
                "the diagnosis of {s} needs {v}.",
                "{v} is the test for {s}.",
                "{s} is seen in {v}.",
            ),
            (
                "how is {s} found?",
                "which test proves {s}?",
                "what do doctors order to confirm {s}?",
                "the diagnosis of {s} needs which test?",
                "in which test is {s} seen?",
                "a doctor who suspects {s} orders what?",
            ),
        ),
        Relation(
            "risk",
            (
                "{s} is common in {v}.",
                "{v} often get {s}.",
                "{s} is known as the disease of {v}.",
                "many {v} fall ill with {s}.",
                "among {v} there is much {s}.",
                "{v} have to fear {s}.",
            ),
            (
                "who often gets {s}?",
                "{s} is common in whom?",
                "among whom is there much {s}?",
                "who has to fear {s}?",
                "{s} is known as the disease of whom?",
                "which people fall ill with {s}?",
            ),
        ),
        Relation(
            "sign",
            (
                "{s} leads to {v}.",
                "a sign of {s} is {v}.",
                "patients with {s} complain of {v}.",
                "{v} is seen in {s}.",
                "{s} comes with {v}.",
                "one of the signs of {s} is {v}.",
            ),
            (
                "which of these is a sign of {s}?",
                "what do patients with {s} complain of?",
                "{s} comes with which complaint?",
                "what does {s} lead to?",
                "which complaint is seen in {s}?",
                "what would a patient with {s} notice?",
            ),
        ),
        Relation(
            "effect",
            (
                "{s} {v}.",
                "the drug {s} {v}.",
                "{s} works because it {v}.",
                "it is known that {s} {v}.",
                "a dose of {s} {v}.",
                "{s} is a drug that {v}.",
            ),
            (
                "what does {s} do?",
                "how does {s} work?",
                "what is the effect of {s}?",
                "what does a dose of {s} do?",
                "why is {s} given?",
                "which of these is true of {s}?",
            ),
        ),
        Relation(
            "harm",
            (
                "{s} can cause {v}.",
                "a side effect of {s} is {v}.",
                "too much {s} leads to {v}.",
                "{v} is a danger of {s}.",
                "who takes {s} may get {v}.",
                "{s} is known for {v} as a side effect.",
            ),
            (
                "what is a side effect of {s}?",
                "what can {s} cause?",
                "what does too much {s} lead to?",
                "which danger does {s} have?",
                "what may a patient get who takes {s}?",
                "for which side effect is {s} known?",
            ),
        ),
        Relation(
            "source",
            (
                "{s} is made from {v}.",
                "{s} is won from {v}.",
                "{v} gives the drug {s}.",
                "chemists make {s} from {v}.",
                "the source of {s} is {v}.",
                "{s} was first found in {v}.",
            ),
            (
                "what is {s} made from?",
                "what is {s} won from?",
                "what is the source of {s}?",
                "what do chemists make {s} from?",
                "in what was {s} first found?",
                "which of these gives the drug {s}?",
            ),
        ),
    )
}
