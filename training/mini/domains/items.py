"""Counting how often a thing occurs in a list of words."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import MEDIUM, SMALL, Conclusion, Domain, Operands, listed, size_by
from training.mini.domains.scribe import Scribe

FRUIT = ("apple", "pear", "plum", "olive", "orange", "lemon", "melon", "fig", "grape", "mango")
ANIMALS = ("cat", "dog", "horse", "cow", "bird", "duck", "lion", "tiger", "bear", "frog")
THINGS = ("book", "pen", "cup", "hat", "ball", "shoe", "key", "car", "star", "coin")
COLOURS = ("red", "blue", "green", "yellow", "black", "white", "pink", "brown", "grey", "purple")
GROUPS = (FRUIT, ANIMALS, THINGS, COLOURS)
ROUGH_GROUP_SIZE = 5
LENGTHS = ((3, 6), (7, 12), (13, 18))  # words in small, medium and large lists
KINDS = ((2, 4), (3, 5), (3, 6))
MOST = 9  # one digit, so that a count is one token


class Items(Domain):
    """How often a word occurs in a list."""

    name = "items"
    title = "counting things in a list"
    showcase = (
        ("apple", "apple", "pear", "apple", "plum", "pear", "apple", "fig", "apple"),
        ("cat", "dog", "cat", "bird", "cat", "cat", "dog", "frog", "bird", "cat", "dog", "cat", "frog"),
        (
            *("red", "blue", "red", "green", "red", "red", "blue", "pink", "green"),
            *("red", "blue", "blue", "red", "pink", "red", "green", "red"),
        ),
    )

    def draw(self, rng: Random, wanted: int) -> Operands:
        """A word and a list of 3 to 18 words of two to six kinds, in which it mostly occurs several times, nine at most."""
        length = rng.randint(*LENGTHS[wanted])
        pool = rng.choice(GROUPS) if rng.random() < 0.7 else [word for group in GROUPS for word in group]
        kinds = rng.sample(pool, rng.randint(*KINDS[wanted]))
        weight = rng.choice((1, 2, 2, 3))
        while True:
            words = rng.choices(kinds, [weight] + [1] * (len(kinds) - 1), k=length)
            if max(map(words.count, kinds)) <= MOST:
                return (kinds[0] if rng.random() < 0.85 else rng.choice(kinds), *words)

    def answer(self, operands: Operands) -> str:
        """How often the word is in the list."""
        return str(operands[1:].count(operands[0]))

    def size(self, operands: Operands) -> int:
        """By the length of the list."""
        return size_by(len(operands) - 1, LENGTHS[SMALL][1], LENGTHS[MEDIUM][1])

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The word as it stands, as one counts it ("apples", but "red"), and the list."""
        word, *words = operands
        text = listed(words) if rng and rng.random() < 0.2 else ", ".join(words)
        return {"word": word, "words": word if word in COLOURS else f"{word}s", "list": text}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A glance at the list; no counting."""
        return scribe.say(f"At a glance, the number of {operands[0]} is").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Take five words at a time, count in each group at a glance and add all the counts at once."""
        word, *words = operands
        scribe.say(", let me take five at a time.")
        counts = []
        for start in range(0, len(words), ROUGH_GROUP_SIZE):
            group = words[start : start + ROUGH_GROUP_SIZE]
            counts.append(scribe.say(f" {' '.join(group)}:").value(group.count(word)))
            scribe.stop()
        return scribe.say(f" {' + '.join(map(str, counts))} =").value(sum(counts)) if len(counts) > 1 else counts[0]

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Copy the list, then go along it with a running count behind every word.

        A word and one token behind it, as in the question, so that what is copied always lies equally far back.
        """
        word, *words = operands
        scribe.say(f", let me copy the list: {', '.join(words)}. Now count {word}:")
        count = 0
        for one in words:
            count = scribe.say(f" {one}").value(count + (one == word))
        return count

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Go along the list and number each word that is the one, no other."""
        word, *words = operands
        scribe.say(f", let me go along the list again and mark every {word}:")
        count = 0
        for one in words:
            number = str(count + 1)
            count += scribe.say(f" {one}").pick(number if one == word else "no", (number, "no")) == number
        return count


DOMAIN = Items()
