"""How people ask, for every domain alike: which template, and the small things people do to any question.

Knows nothing about answers; the templates themselves belong to the domains.
"""

from __future__ import annotations

from random import Random

from training.mini.domains.base import Domain, Operands

OPENINGS = (
    *("Please tell me: ", "Tell me: ", "Quick question: ", "Hello! ", "Hi, ", "Hi! ", "Hey, ", "Question: ", "Please answer: "),
    *("Can you tell me: ", "I want to know: ", "Okay, ", "So, ", "Please help me: ", "Help me with this: ", "My question is: "),
    *("Good morning! ", "Think carefully: ", "Try this one: ", "One more: ", "Please, ", "Now ", "Do you know: "),
    *("Here is a problem. ", "For my homework: ", "My teacher asks: ", "I wonder: ", "A quiz question: ", "Good evening, "),
    *("Let us see: ", "What do you think: ", "Answer this: ", "Here you go: ", "Next question: "),
)
ENDINGS = (
    *(" Thanks!", " Thank you.", " Please explain.", " Think step by step.", " Be careful.", " I need the answer.", " Please."),
    *(" Show your work.", " Take your time.", " It is for school.", " What do you say?"),
)


def phrase(domain: Domain, operands: Operands, rng: Random, *, unseen: bool = False) -> str:
    """One question about a problem in a randomly chosen phrasing.

    Args:
        domain: the problem's domain.
        operands: the problem's operands.
        rng: source of the choice.
        unseen: use the phrasings that no training question uses, unvaried.
    """
    question = rng.choice(domain.unseen if unseen else domain.trained).format(**domain.fields(operands, rng))
    return question if unseen else vary(question, rng)


def plain_phrase(domain: Domain, operands: Operands) -> str:
    """The question as it stands on the exhibit: the first phrasing, nothing varied."""
    return domain.trained[0].format(**domain.fields(operands, None))


def vary(question: str, rng: Random) -> str:
    """Sometimes drop the final mark, open or close politely or start in lower case, as visitors do.

    Args:
        question: any question.
        rng: source of the choice.
    """
    if rng.random() < 0.15:
        question = question.rstrip("?.")
    if rng.random() < 0.07:
        question += rng.choice(ENDINGS) if question[-1] in "?.!" else rng.choice(ENDINGS).lower()
    if rng.random() < 0.15 and not question[:2].isupper():
        question = question[0].lower() + question[1:]
    return rng.choice(OPENINGS) + question if rng.random() < 0.15 else question
