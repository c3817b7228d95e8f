"""The day of the week some days from now, some days ago or later in the month."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from training.mini.domains.base import MEDIUM, SMALL, Conclusion, Domain, Operands, one_of, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import compute, round_parts

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = {
    **{"January": 31, "February": 28, "March": 31, "April": 30, "May": 31, "June": 30, "July": 31, "August": 31},
    **{"September": 30, "October": 31, "November": 30, "December": 31},
}
LATER, AGO = "later", "ago"  # operands: (day, days, LATER or AGO) or (month, date, its day, later date)
WEEK, TEN_WEEKS = 7, 70
NEAREST = 3  # multiples of seven among which one at a glance may slip
JUMPS = (100, 10, 1)  # days; 100 are 14 weeks and 2 days, 10 a week and 3 days
RANGES = ((2, 13), (14, 60), (61, 365))  # the days of small, medium and large problems


class Weekdays(Domain):
    """The day of the week after or before some days."""

    name = "weekdays"
    title = "finding the day of the week"
    showcase = (("Tuesday", "45", LATER), ("Friday", "100", LATER), ("January", "5", "Monday", "28"))

    def draw(self, rng: Random, wanted: int) -> Operands:
        """A day of the week and how far to go, or two dates of one month."""
        day = rng.choice(DAYS)
        least, most = RANGES[wanted]
        if rng.random() < (0.35, 0.15, 0)[wanted]:
            month = rng.choice(tuple(MONTHS))
            date = rng.randint(1, MONTHS[month] - least)
            return month, str(date), day, str(rng.randint(date + least, min(MONTHS[month], date + most)))
        return day, str(rng.randint(least, most)), LATER if rng.random() < 0.6 else AGO

    def answer(self, operands: Operands) -> str:
        """The day of the week asked for."""
        start, goal, day, direction = _read(operands)
        return _moved(day, direction * (goal - start))

    def size(self, operands: Operands) -> int:
        """By the number of days."""
        start, goal, *_ = _read(operands)
        return size_by(goal - start, RANGES[SMALL][1], RANGES[MEDIUM][1])

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """What is given, at the start of a sentence or within one, and when the day asked for is."""
        if operands[0] in MONTHS:
            month, date, day, later = operands
            given = f"{month} {date} is a {day}"
            return {"given": given, "inner": given, "is": "is", "when": f"on {month} {later}"}
        day, days, direction = operands
        inner = one_of(("today is {}", "it is {}", "it is {} today"), rng).format(day)
        later = f"{days} days from now" if rng and rng.random() < 0.3 else f"in {days} days"
        when = f"{days} days ago" if direction == AGO else later
        return {"given": inner[0].upper() + inner[1:], "inner": inner, "is": "was" if direction == AGO else "is", "when": when}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The day in one go."""
        start, goal, day, direction = _read(operands)
        if start:
            scribe.say(f"Quickly: from {operands[0]} {start}, a {day}, to {goal} I get")
        else:
            scribe.say(f"Quickly: {goal} days {'before' if direction < 0 else 'after'} {day} I get")
        return scribe.pick(self.answer(operands), DAYS)

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Take away all whole weeks at once, then go the rest at once."""
        start, left, day, direction = _read(operands)
        scribe.say(", let me subtract weeks.")
        if start:
            left = max(0, compute(left, "-", start, scribe))
            scribe.stop()
        if left >= WEEK:
            left = _take_weeks(left, range(WEEK, left + 1, WEEK)[-NEAREST:], scribe)
        scribe.say(f" {left} {'day' if left == 1 else 'days'} {'before' if direction < 0 else 'after'} {day} is")
        return scribe.pick(_moved(day, direction * left), DAYS)

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Take away whole weeks, then go the rest day by day."""
        start, left, day, direction = _read(operands)
        scribe.say(", let me take away whole weeks.")
        for part in round_parts(start):
            left = scribe.say(f" {left} - {part} =").value(max(0, left - part))
            scribe.stop()
        while left >= WEEK:
            left = _take_weeks(left, range(WEEK, min(left, TEN_WEEKS) + 1, WEEK), scribe)
        scribe.say(f" Then {left} days {'back' if direction < 0 else 'on'} from {day}:")
        for step in range(1, left + 1):
            day = scribe.then(f" {step}").pick(_moved(day, direction), DAYS)
        return day if left else scribe.pick(day, DAYS)

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Jump a hundred days, ten days and one day at a time; each jump moves the day by what is left of its weeks."""
        at, goal, day, direction = _read(operands)
        scribe.say(f", let me count {'back' if direction < 0 else 'on'} from {day}.")
        for jump in JUMPS[:-1]:
            scribe.say(f" {jump} days move it by {jump % WEEK}." if goal - at >= jump else "")
        scribe.say(f" {at} is {day}")
        for jump in JUMPS:
            while goal - at >= jump:
                at += jump
                day = scribe.say(f", {at}").pick(_moved(day, direction * jump), DAYS)
        return day


def _read(operands: Operands) -> tuple[int, int, str, int]:
    """From which to which day to count (from 0 if no date is given), the first one's name, and 1 to go on or -1 to go back."""
    if operands[0] in MONTHS:
        return int(operands[1]), int(operands[3]), operands[2], 1
    return 0, int(operands[1]), operands[0], -1 if operands[2] == AGO else 1


def _moved(day: str, days: int) -> str:
    """The name of the day so many days later."""
    return DAYS[(DAYS.index(day) + days) % WEEK]


def _take_weeks(left: int, sevens: Sequence[int], scribe: Scribe) -> int:
    """Take the last of some multiples of seven away."""
    seven = scribe.say(f" {left} -").pick(sevens[-1], sevens)
    left = scribe.say(" =").value(left - seven)
    scribe.stop()
    return left


DOMAIN = Weekdays()
