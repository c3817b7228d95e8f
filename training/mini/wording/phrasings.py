"""How people ask, for every domain alike: which phrasing, and the small things people do to any question.

Knows nothing about answers. The phrasings are in `wording/`, a file for each domain with three sections: "trained"; "dev", which
choices may look at; "unseen", which nobody looks at before the model is finished.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from training.mini.domains.base import Domain, Operands
from training.mini.wording.texts import misspell, read_sections

WORDING = Path(__file__).parent
SECTIONS = TRAINED, DEV, UNSEEN = ("trained", "dev", "unseen")
_AROUND = read_sections(WORDING / "around.txt")
OPENINGS, ENDINGS = (tuple(text.replace("_", " ") for text in _AROUND[name]) for name in ("openings", "endings"))


def phrasings(domain: str, section: str = TRAINED) -> tuple[str, ...]:
    """The phrasings of a domain as templates; the first trained one is the plain one.

    Args:
        domain: its name.
        section: one of `SECTIONS`.
    """
    return read_sections(WORDING / f"{domain}.txt")[section]


def phrase(domain: Domain, operands: Operands, rng: Random, section: str = TRAINED) -> str:
    """One question about a problem in a randomly chosen phrasing.

    Args:
        domain: the problem's domain.
        operands: the problem's operands.
        rng: source of the choice.
        section: one of `SECTIONS`; only the trained ones are varied.
    """
    template = rng.choice(phrasings(domain.name, section))
    if section != TRAINED:
        return template.format(**domain.fields(operands, rng))
    return vary(hurry(template, rng).format(**domain.fields(operands, rng)), rng)


def plain_phrase(domain: Domain, operands: Operands) -> str:
    """The question as it stands on the exhibit: the first phrasing, nothing varied."""
    return phrasings(domain.name)[0].format(**domain.fields(operands, None))


def hurry(template: str, rng: Random) -> str:
    """Sometimes write the words of a template in lower case or misspell one, as people do who type in a hurry.

    Args:
        template: a phrasing whose placeholders stay as they are.
        rng: source of the choice.
    """
    dice = rng.random()
    if dice < 0.06:
        return template.lower()
    if dice < 0.1:
        words = template.split(" ")
        at = rng.randrange(len(words))
        if words[at].isalpha() and len(words[at]) > 2:
            words[at] = misspell(words[at], rng)
        return " ".join(words)
    return template


def vary(question: str, rng: Random) -> str:
    """Sometimes drop the final mark, open or close with other words or start in lower case, as visitors do.

    Args:
        question: any question.
        rng: source of the choice.
    """
    if rng.random() < 0.15:
        question = question.rstrip("?.")
    if rng.random() < 0.08:
        question += rng.choice(ENDINGS) if question[-1] in "?.!" else rng.choice(ENDINGS).lower()
    if rng.random() < 0.15 and not question[:2].isupper():
        question = question[0].lower() + question[1:]
    return rng.choice(OPENINGS) + question if rng.random() < 0.2 else question
