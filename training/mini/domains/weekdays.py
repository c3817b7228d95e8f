"""The day of the week some days from now, some days ago or later in the month."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, round_parts
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go

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


def sample(rng: Random) -> Operands:
    """A day of the week and how far to go, or two dates of one month."""
    dice = rng.random()
    wanted = SMALL if dice < 0.38 else MEDIUM if dice < 0.78 else LARGE
    day = rng.choice(DAYS)
    if rng.random() < (0.35, 0.15, 0)[wanted]:
        month = rng.choice(tuple(MONTHS))
        least = RANGES[wanted][0]
        date = rng.randint(1, MONTHS[month] - least)
        return month, str(date), day, str(rng.randint(date + least, min(MONTHS[month], date + RANGES[wanted][1])))
    return day, str(rng.randint(*RANGES[wanted])), LATER if rng.random() < 0.6 else AGO


def is_date(operands: Operands) -> bool:
    """Whether the problem is about two dates of a month."""
    return operands[0] in MONTHS


def days_between(operands: Operands) -> int:
    """How many days there are to go."""
    return int(operands[3]) - int(operands[1]) if is_date(operands) else int(operands[1])


def start(operands: Operands) -> tuple[int, int]:
    """The day to start from as its place in the week, and the direction to go."""
    return DAYS.index(operands[2 if is_date(operands) else 0]), -1 if operands[2] == AGO else 1


def answer(operands: Operands) -> str:
    """The day of the week asked for."""
    day, direction = start(operands)
    return DAYS[(day + direction * days_between(operands)) % WEEK]


def size(operands: Operands) -> int:
    """By the number of days."""
    days = days_between(operands)
    return SMALL if days <= RANGES[SMALL][1] else MEDIUM if days <= RANGES[MEDIUM][1] else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """What is given, at the start of a sentence or within one, and when the day asked for is."""
    if is_date(operands):
        month, date, day, later = operands
        given = f"{month} {date} is a {day}"
        return {"given": given, "inner": given, "is": "is", "when": f"on {month} {later}"}
    day, days, direction = operands
    inner = rng.choice(("today is {}", "it is {}", "it is {} today")).format(day) if rng else f"today is {day}"
    later = f"{days} days from now" if rng and rng.random() < 0.3 else f"in {days} days"
    when = f"{days} days ago" if direction == AGO else later
    return {"given": inner[0].upper() + inner[1:], "inner": inner, "is": "was" if direction == AGO else "is", "when": when}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The day in one go."""
    day, direction = start(operands)
    scribe.say(
        f"Quickly: from {operands[0]} {operands[1]}, a {operands[2]}, to {operands[3]} I get"
        if is_date(operands)
        else f"Quickly: {operands[1]} days {'before' if direction < 0 else 'after'} {DAYS[day]} I get"
    )
    found = scribe.pick(DAYS.index(answer(operands)), DAYS)
    scribe.say(".")
    return DAYS[found]


def by_multiple(operands: Operands, scribe: Scribe) -> str:
    """Take away all whole weeks at once, then go the rest at once."""
    day, direction = start(operands)
    left = int(operands[-1] if is_date(operands) else operands[1])
    scribe.say(", let me subtract weeks.")
    if is_date(operands):
        left = max(0, in_one_go(left, "-", int(operands[1]), scribe))
        scribe.say(".")
    if left >= WEEK:
        scribe.say(f" {left} -")
        sevens = [seven for seven in range(WEEK, left + 1, WEEK)][-NEAREST:]
        seven = sevens[scribe.pick(len(sevens) - 1, [str(seven) for seven in sevens])]
        scribe.say(" =")
        left = scribe.value(left - seven)
        scribe.say(".")
    scribe.say(f" {left} {'day' if left == 1 else 'days'} {'before' if direction < 0 else 'after'} {DAYS[day]} is")
    day = scribe.pick((day + direction * left) % WEEK, DAYS)
    scribe.say(".")
    return DAYS[day]


def without_weeks(operands: Operands, scribe: Scribe) -> str:
    """Take away whole weeks, then go the rest day by day."""
    day, direction = start(operands)
    left = int(operands[-1] if is_date(operands) else operands[1])
    scribe.say(", let me take away whole weeks.")
    for part in round_parts(int(operands[1])) if is_date(operands) else []:
        scribe.say(f" {left} - {part} =")
        left = scribe.value(max(0, left - part))
        scribe.say(".")
    while left >= WEEK:
        scribe.say(f" {left} -")
        sevens = [seven for seven in range(WEEK, TEN_WEEKS + 1, WEEK) if seven <= left]
        seven = sevens[scribe.pick(len(sevens) - 1, [str(seven) for seven in sevens])]
        scribe.say(" =")
        left = scribe.value(left - seven)
        scribe.say(".")
    scribe.say(f" Then {left} days {'back' if direction < 0 else 'on'} from {DAYS[day]}:")
    for step in range(1, left + 1):
        scribe.say(f"{',' if step > 1 else ''} {step}")
        day = scribe.pick((day + direction) % WEEK, DAYS)
    if not left:
        day = scribe.pick(day, DAYS)
    scribe.say(".")
    return DAYS[day]


def in_jumps(operands: Operands, scribe: Scribe) -> str:
    """Jump a hundred days, ten days and one day at a time; each jump moves the day by what is left of its weeks."""
    day, direction = start(operands)
    at, goal = (int(operands[1]), int(operands[3])) if is_date(operands) else (0, int(operands[1]))
    scribe.say(f", let me count {'back' if direction < 0 else 'on'} from {DAYS[day]}.")
    for jump in JUMPS[:-1]:
        scribe.say(f" {jump} days move it by {jump % WEEK}." if goal - at >= jump else "")
    scribe.say(f" {at} is {DAYS[day]}")
    for jump in JUMPS:
        while goal - at >= jump:
            at += jump
            scribe.say(f", {at}")
            day = scribe.pick((day + direction * jump) % WEEK, DAYS)
    scribe.say(".")
    return DAYS[day]


DOMAIN = Domain(
    name="weekdays",
    title="finding the day of the week",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "{given}. What day {is} it {when}?",
        "{given}. What day of the week {is} it {when}?",
        "{given}. Which day {is} it {when}?",
        "{given}. Which day of the week {is} it {when}?",
        "{given}, what day {is} it {when}?",
        "{given}, so what day {is} it {when}?",
        "If {inner}, what day {is} it {when}?",
        "If {inner}, which day {is} it {when}?",
        "If {inner}, which day of the week {is} it {when}?",
        "What day {is} it {when} if {inner}?",
        "What day of the week {is} it {when} if {inner}?",
        "Which day {is} it {when} if {inner}?",
        "{given}. Tell me what day it {is} {when}.",
        "{given}. Find the day of the week {when}.",
        "{given}. Can you tell me what day it {is} {when}?",
        "I know that {inner}. What day {is} it {when}?",
        "{given}. Name the day of the week {when}.",
        "{given}. Which day of the week do we have {when}?",
        "{given}. Do you know what day it {is} {when}?",
        "I know that {inner}. Which day {is} it {when}?",
        "If {inner}, can you tell me what day it {is} {when}?",
        "If {inner}, tell me what day it {is} {when}.",
        "{given}. Work out which day it {is} {when}.",
        "Tell me what day it {is} {when} if {inner}.",
    ),
    unseen=(
        "{given}. So what day of the week {is} it {when}?",
        "If {inner}, which weekday {is} it {when}?",
        "I know that {inner}, but what day {is} it {when}?",
        "{given}. Can you tell me which day it {is} {when}?",
        "I don't have a calendar with me. {given}, so which day of the week {is} it {when}?",
    ),
    draft=draft,
    rough=by_multiple,
    check_a=without_weeks,
    check_b=in_jumps,
    showcase=(("Tuesday", "45", LATER), ("Friday", "100", LATER), ("January", "5", "Monday", "28")),
)
