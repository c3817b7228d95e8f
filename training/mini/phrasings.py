"""How people ask: the question templates of the four domains.

Knows nothing about answers. `TRAINED` phrasings occur in training; `UNSEEN` ones are kept for testing only.
Fields: {letter} and {word} (letters), {sum} and {list} (addition), {first} and {second} (decimals), {product} (products).
"""

from __future__ import annotations

from random import Random

TRAINED: dict[str, tuple[str, ...]] = {
    "letters": (
        "How many {letter} in {word}?",
        "How many {letter}'s in {word}?",
        "How many {letter}'s are in {word}?",
        "How many {letter}s are in {word}?",
        "How many {letter} are there in {word}?",
        "How many letters {letter} are in {word}?",
        "How many times does {letter} appear in {word}?",
        "How many times does the letter {letter} appear in the word {word}?",
        "How often does the letter {letter} occur in the word {word}?",
        "How often is {letter} in {word}?",
        "How many {letter}'s are there in the word {word}?",
        "Count the letter {letter} in {word}.",
        "Count the {letter}'s in {word}.",
        "Count the {letter} in the word {word}.",
        "In the word {word}, how many {letter}?",
        "What is the number of {letter} in {word}?",
        "How many of the letters in {word} are {letter}?",
    ),
    "addition": (
        "What is {sum}?",
        "What is {sum}?",
        "{sum}",
        "{sum} = ?",
        "{sum}=",
        "How much is {sum}?",
        "What's {sum}?",
        "Calculate {sum}.",
        "Work out {sum}.",
        "Compute {sum}.",
        "Add {list}.",
        "What is the sum of {list}?",
        "What do {list} add up to?",
        "Can you add {list}?",
        "Solve {sum}.",
    ),
    "decimals": (
        "Which is larger, {first} or {second}?",
        "Which is larger, {first} or {second}?",
        "Which is bigger, {first} or {second}?",
        "Which is greater, {first} or {second}?",
        "Which number is larger, {first} or {second}?",
        "Which number is bigger: {first} or {second}?",
        "What is larger: {first} or {second}?",
        "What is bigger, {first} or {second}?",
        "Is {first} or {second} larger?",
        "Is {first} or {second} bigger?",
        "{first} or {second}, which is larger?",
        "{first} or {second}?",
        "{first} vs {second}: which is bigger?",
        "Compare {first} and {second}: which is larger?",
        "Which of {first} and {second} is the larger number?",
    ),
    "products": (
        "What is {product}?",
        "What is {product}?",
        "{product}",
        "{product} = ?",
        "{product}=",
        "How much is {product}?",
        "What's {product}?",
        "Calculate {product}.",
        "Work out {product}.",
        "Compute {product}.",
        "Multiply {first} by {second}.",
        "Multiply {first} and {second}.",
        "What is the product of {first} and {second}?",
        "Solve {product}.",
    ),
}

UNSEEN: dict[str, tuple[str, ...]] = {
    "letters": ("How many {letter} does {word} have?", "Can you count every {letter} in {word}?", "{word}: how many {letter}?"),
    "addition": ("Please find {sum}.", "Tell me the total of {list}.", "What do you get for {sum}?"),
    "decimals": ("Of {first} and {second}, which one is larger?", "Tell me the larger number: {first} or {second}."),
    "products": (
        "Please find {product}.",
        "What do you get for {product}?",
        "If I multiply {first} by {second}, what is the result?",
    ),
}

OPENINGS = ("Please tell me: ", "Tell me: ", "Quick question: ", "Hello! ", "Hi, ", "Question: ", "Please answer: ")
PLUS = ("+", " + ", " plus ")
TIMES = (" times ", " x ", "x", " * ", "*", " × ", "×", " multiplied by ")
QUOTES = (('"', '"'), ("'", "'"), ("“", "”"))


def phrase(domain: str, operands: tuple[str, ...], rng: Random, *, unseen: bool = False) -> str:
    """One question about a problem in a randomly chosen phrasing.

    Args:
        domain: a key of `TRAINED`.
        operands: (letter, word), the summands, the two decimals or the two factors.
        rng: source of the choice.
        unseen: use the phrasings that no training question uses.
    """
    template = rng.choice((UNSEEN if unseen else TRAINED)[domain])
    fields = _letter_fields(operands, template, rng) if domain == "letters" else _number_fields(operands, rng)
    return template.format(**fields) if unseen else _vary(template.format(**fields), rng)


def plain_phrase(domain: str, operands: tuple[str, ...]) -> str:
    """The question as it stands on the exhibit: the first phrasing, nothing varied."""
    letter, word = operands[0], operands[-1]
    fields = {"sum": PLUS[0].join(operands), "product": TIMES[0].join(operands), "first": letter, "second": word}
    return TRAINED[domain][0].format(letter=letter, word=word, **fields)


def _letter_fields(operands: tuple[str, ...], template: str, rng: Random) -> dict[str, str]:
    letter, word = operands
    dice = rng.random()
    if dice < 0.08:
        word = word.capitalize()
    elif dice < 0.28:
        word = word.join(rng.choice(QUOTES))
    dice = rng.random()
    if dice < 0.1:
        letter = letter.upper()
    elif dice < 0.25 and "{letter}s" not in template and "{letter}'s" not in template:
        letter = letter.join(rng.choice(QUOTES))
    return {"letter": letter, "word": word}


def _number_fields(operands: tuple[str, ...], rng: Random) -> dict[str, str]:
    return {
        "sum": rng.choice(PLUS).join(operands),
        "list": ", ".join(operands[:-1]) + " and " + operands[-1],
        "product": rng.choice(TIMES).join(operands),
        "first": operands[0],
        "second": operands[-1],
    }


def _vary(question: str, rng: Random) -> str:
    """Sometimes drop the final mark, open politely or start in lower case, as visitors do."""
    if rng.random() < 0.15:
        question = question.rstrip("?.")
    dice = rng.random()
    if dice < 0.08:
        return rng.choice(OPENINGS) + question
    if dice < 0.15 and not question[:2].isupper():
        return question[0].lower() + question[1:]
    return question
