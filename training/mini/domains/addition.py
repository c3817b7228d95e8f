"""Adding two to six whole numbers."""

from __future__ import annotations

from itertools import zip_longest
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, choose_size, listed, one_of, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import PLACES, add_all, add_named, in_parts, lead_and_rest

PLUS = (" + ", "+", " plus ")
LENGTHS = {  # how many digits each number has
    SMALL: ("11", "21", "21", "22", "22", "22", "22"),
    MEDIUM: ("32", "33", "33", "221", "222", "222", "2222", "332"),
    LARGE: ("333", "333", "433", "3322", "22222", "222222", "3333", "444"),
}


class Addition(Domain):
    """The sum of two to six numbers."""

    name = "addition"
    title = "adding numbers"
    showcase = (("27", "48", "36", "9"), ("348", "275", "96"), ("123", "456", "789"))
    ordered = False

    def sample(self, rng: Random) -> Operands:
        """Two to six numbers of one to four digits."""
        lengths = rng.choice(LENGTHS[choose_size(rng)])
        numbers = [str(rng.randint(10 ** (int(n) - 1) + (n == "1"), 10 ** int(n) - 1)) for n in lengths]
        if rng.random() < 0.5:
            rng.shuffle(numbers)
        return tuple(numbers)

    def answer(self, operands: Operands) -> str:
        """The sum."""
        return str(sum(map(int, operands)))

    def size(self, operands: Operands) -> int:
        """By the number of digits in all; only two numbers are small."""
        return size_by(sum(map(len, operands)), 4 if len(operands) == 2 else 0, 8)

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The numbers with a plus sign and as a list."""
        return {"sum": one_of(PLUS, rng).join(operands), "list": listed(operands)}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The sum in one go."""
        return scribe.say(f"Quickly: {' + '.join(operands)} =").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Add the numbers from the last to the first, each at once; of only two the first in its leading part and the rest."""
        last, *others = map(int, reversed(operands))
        scribe.say(", let me start from the last:")
        return add_all([last, *(others if others[1:] else lead_and_rest(others[0]))], scribe)

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Add number after number, each in its hundreds, tens and ones."""
        total, *others = map(int, operands)
        scribe.say(", let me add one number at a time.")
        for number in others:
            total = in_parts(total, "+", number, scribe)
            scribe.stop()
        return total

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Add the ones, then the tens, then the hundreds, one digit at a time with carries."""
        carry = total = 0
        columns = list(zip_longest(*(operand[::-1] for operand in operands), fillvalue=""))
        scribe.say(", let me add by columns.")
        for place, column in enumerate(columns):
            digits = [*([carry] if place else []), *(int(digit) for digit in column if digit)]
            digit_sum = add_named(f"{PLACES[place]}:", digits, scribe)
            if place < len(columns) - 1:
                carry, digit_sum = divmod(digit_sum, 10)
                scribe.say(f", write {digit_sum} carry {carry}")
            total += digit_sum * 10**place
            scribe.stop()
        return total


DOMAIN = Addition()
