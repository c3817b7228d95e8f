"""Counting how often a thing occurs in a list of words."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, listed
from training.mini.domains.scribe import Scribe

FRUIT = ("apple", "pear", "plum", "olive", "orange", "lemon", "melon", "fig", "grape", "mango")
ANIMALS = ("cat", "dog", "horse", "cow", "bird", "duck", "lion", "tiger", "bear", "frog")
THINGS = ("book", "pen", "cup", "hat", "ball", "shoe", "key", "car", "star", "coin")
COLOURS = ("red", "blue", "green", "yellow", "black", "white", "pink", "brown", "grey", "purple")
GROUPS = (FRUIT, ANIMALS, THINGS, COLOURS)
GROUP_SIZE, ROUGH_GROUP_SIZE = 2, 5
LENGTHS = ((3, 6), (7, 12), (13, 18))  # words in small, medium and large lists
KINDS = ((2, 4), (3, 5), (3, 6))
YES_NO = ("yes", "no")


def sample(rng: Random) -> Operands:
    """A word and a list of 3 to 18 words of two to six kinds, in which it mostly occurs several times."""
    dice = rng.random()
    wanted = SMALL if dice < 0.38 else MEDIUM if dice < 0.78 else LARGE
    length = rng.randint(*LENGTHS[wanted])
    pool = rng.choice(GROUPS) if rng.random() < 0.7 else [word for group in GROUPS for word in group]
    kinds = rng.sample(pool, rng.randint(*KINDS[wanted]))
    weight = rng.choice((1, 2, 2, 3))
    words = rng.choices(kinds, [weight] + [1] * (len(kinds) - 1), k=length)
    return (kinds[0] if rng.random() < 0.85 else rng.choice(kinds), *words)


def answer(operands: Operands) -> str:
    """How often the word is in the list."""
    return str(operands[1:].count(operands[0]))


def size(operands: Operands) -> int:
    """By the length of the list."""
    return SMALL if len(operands) - 1 <= LENGTHS[SMALL][1] else MEDIUM if len(operands) - 1 <= LENGTHS[MEDIUM][1] else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The word as it stands, as one counts it ("apples", but "red"), and the list."""
    word, *words = operands
    text = listed(words) if rng and rng.random() < 0.2 else ", ".join(words)
    return {"word": word, "words": word if word in COLOURS else f"{word}s", "list": text}


def draft(operands: Operands, scribe: Scribe) -> str:
    """A glance at the list; no counting."""
    scribe.say(f"At a glance, the number of {operands[0]} is")
    seen = scribe.value(operands[1:].count(operands[0]))
    scribe.say(".")
    return str(seen)


def in_fives(operands: Operands, scribe: Scribe) -> str:
    """Take five words at a time, count in each group at a glance and add all the counts at once."""
    word, *words = operands
    scribe.say(", let me take five at a time.")
    counts = []
    for start in range(0, len(words), ROUGH_GROUP_SIZE):
        group = words[start : start + ROUGH_GROUP_SIZE]
        scribe.say(f" {' '.join(group)}:")
        counts.append(scribe.value(group.count(word)))
        scribe.say(".")
    if len(counts) == 1:
        return str(counts[0])
    scribe.say(f" {' + '.join(map(str, counts))} =")
    total = scribe.value(sum(counts))
    scribe.say(".")
    return str(total)


def in_groups(operands: Operands, scribe: Scribe) -> str:
    """Take two words at a time, count in each group and add up."""
    word, *words = operands
    scribe.say(f", let me look for {word} in groups of two.")
    total = 0
    for start in range(0, len(words), GROUP_SIZE):
        group = words[start : start + GROUP_SIZE]
        scribe.say(f" {', '.join(group)}:")
        count = scribe.value(group.count(word))
        scribe.say(f", {total} + {count} =" if start else "")
        total = scribe.value(total + count) if start else count
        scribe.say(".")
    return str(total)


def one_by_one(operands: Operands, scribe: Scribe) -> str:
    """Ask of every word whether it is the one, with a running count."""
    word, *words = operands
    scribe.say(f", let me count {word} one by one:")
    count = 0
    for index, one in enumerate(words):
        scribe.say(f"{',' if index else ''} {one}")
        no = scribe.pick(int(one != word), YES_NO)
        count = scribe.value(count + 1 - no)
    scribe.say(".")
    return str(count)


DOMAIN = Domain(
    name="items",
    title="counting things in a list",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "How many {words} are in this list: {list}?",
        "How many {words} are in the list {list}?",
        "How many {words} are there in {list}?",
        "How many {words} are there: {list}?",
        "How many {words} do you see: {list}?",
        "How many {words} in {list}?",
        "How many times does {word} appear in {list}?",
        "How many times does the word {word} appear in this list: {list}?",
        "How many times is {word} in this list: {list}?",
        "How often is {word} in {list}?",
        "How often does {word} appear in the list {list}?",
        "Count the {words} in {list}.",
        "Count the {words}: {list}.",
        "Count how often {word} is in this list: {list}.",
        "In {list}, how many {words} are there?",
        "In this list, how often is {word}: {list}?",
        "{list}: how many {words}?",
        "{list}. How many {words} are there?",
        "Here is a list: {list}. How many {words} are in it?",
        "I have {list}. How many {words} do I have?",
        "Tell me how many {words} are in {list}.",
        "Can you count the {words} in {list}?",
        "Do you know how often {word} is in {list}?",
        "Please count the {words}: {list}.",
        "I see a list: {list}. How many {words} does it have?",
        "Here is {list}. Count the {words}.",
        "You have {list}. How many {words} do you have?",
    ),
    unseen=(
        "In {list}, how many times does {word} come up?",
        "I wrote down {list}. How often did I write {word}?",
        "Here is what we have: {list}. Tell me how many of them are {words}.",
        "count the {words} please: {list}",
        "Please go through this list and say how many times you find {word}: {list}.",
        "{list} - how many {words} is that?",
    ),
    draft=draft,
    rough=in_fives,
    check_a=in_groups,
    check_b=one_by_one,
    showcase=(
        ("apple", "apple", "pear", "apple", "plum", "pear", "apple", "fig", "apple"),
        ("cat", "dog", "cat", "bird", "cat", "cat", "dog", "frog", "bird", "cat", "dog", "cat", "frog"),
        (
            *("red", "blue", "red", "green", "red", "red", "blue", "pink", "green"),
            *("red", "blue", "blue", "red", "pink", "red", "green", "red"),
        ),
    ),
)
