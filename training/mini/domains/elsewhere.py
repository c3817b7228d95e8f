"""Questions that are none of the domains: what the miniature is trained to turn down politely.

Greetings, general knowledge, other mathematics, poems, code, nonsense, and near misses that only look like a domain ("How many
letters are in the English alphabet?"). The templates and the words for their slots are in elsewhere.txt.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from training.mini.domains.letters import common_words, invented_word
from training.mini.wording.texts import misspell, read_sections

SLOT = re.compile(r"\{(\w+)\}")
TEMPLATE_SECTIONS = ("trained", "unseen")
NOISE = string.ascii_lowercase * 2 + string.digits + "!#$%&*+-/=@~;:,_"
AGAIN = ("?", "!", "!!", "...", "??", " :)", " please", " now!")


@cache
def sections() -> dict[str, tuple[str, ...]]:
    """The parts of elsewhere.txt by name: templates one a line, words for slots separated by commas."""
    found = read_sections(Path(__file__).with_name("elsewhere.txt"))
    return {name: lines if name in TEMPLATE_SECTIONS else tuple(", ".join(lines).split(", ")) for name, lines in found.items()}


ELSEWHERE_TRAINED, ELSEWHERE_UNSEEN = (sections()[name] for name in TEMPLATE_SECTIONS)
WEIGHTS = [1 + 2 * len(SLOT.findall(template)[:2]) for template in ELSEWHERE_TRAINED]  # those with slots vary more
DRAWN: dict[str, Callable[[Random], str]] = {
    "word": lambda rng: rng.choice(common_words()),
    "words": lambda rng: " ".join(rng.choices(common_words(), k=rng.randint(2, 7))),
    "invented": invented_word,
    "letter": lambda rng: rng.choice(string.ascii_lowercase),
    "n": lambda rng: str(rng.randint(2, rng.choice((12, 99, 200)))),
    "big": lambda rng: str(rng.randint(100, rng.choice((999, 9999, 1000000)))),
    "year": lambda rng: str(rng.randint(900, 2030)),
    "noise": lambda rng: rng.choice(string.ascii_lowercase) + "".join(rng.choices(NOISE, k=rng.randint(1, 14))),
}


def sample_elsewhere(rng: Random, *, unseen: bool = False) -> str:
    """One question that belongs to no domain.

    Args:
        rng: source of every choice.
        unseen: use a template that no training question uses, unvaried.
    """
    if unseen:
        return _fill(rng.choice(ELSEWHERE_UNSEEN), rng)
    return _roughen(_fill(rng.choices(ELSEWHERE_TRAINED, WEIGHTS)[0], rng), rng)


def _fill(template: str, rng: Random) -> str:
    """Put a word into every slot (with a capital if the slot has one) and mend "a owl"."""

    def drawn(match: re.Match[str]) -> str:
        slot = match[1].lower()
        word = DRAWN[slot](rng) if slot in DRAWN else rng.choice(sections()[slot])
        return word[0].upper() + word[1:] if match[1][0].isupper() else word

    return re.sub(r"\b([Aa]) (?=[aeiou]\w)", r"\1n ", SLOT.sub(drawn, template))


def _roughen(question: str, rng: Random) -> str:
    """Sometimes change the case, the end or a letter, as people who type in a hurry do."""
    dice = rng.random()
    if dice < 0.1:
        question = question.lower()
    elif dice < 0.13:
        question = question.upper()
    dice = rng.random()
    if dice < 0.12:
        question = question.rstrip("?.!") or question
    elif dice < 0.16:
        question = question.rstrip("?.!") + rng.choice(AGAIN)
    if rng.random() < 0.08 and len(question) > 5:
        question = misspell(question, rng)
    return question
