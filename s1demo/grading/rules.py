"""The cheap exact rules: everything that can be decided without reading a formula. Linear in the text; no process is started."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from s1demo.grading.extraction import bare
from s1demo.grading.outcomes import Kind, Outcome

Judge = Callable[[str | None, str, Kind], Outcome]  # `grade`, or a `Grader`'s
LONGEST_ANSWER = 2_000  # characters; no true answer of a benchmark comes near
_LATEX = re.compile(r"[\\^_{}]")
_FORMULA = re.compile(r"[\\^_{}()\[\]=<>+*/|!%√π∞±×·÷≤≥∪∩:]|\d,|\d-|\d[A-Za-z]|[A-Za-z]\d|^-?[A-Za-z]{1,3}$")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER = r"[-+]?(?:\d+(?:,\d{3})*(?:\.\d*)?|\.\d+)(?:e[-+]?\d{1,6})?"
_IS_NUMBER = re.compile(_NUMBER)
_LAST_NUMBER = re.compile(  # with words of a unit or none, after a verb or an equals sign or nothing
    rf"(?:[^,;\d]*?(?:\b(?:is|are|equals)\s|(?<![<>!])=|:))?\s*({_NUMBER})((?:\s+[a-z][a-z]+){{0,4}})", re.IGNORECASE
)
_NUMBERS = re.compile(rf"(?<![\w.]){_NUMBER}")
_NO_UNIT = re.compile(
    r"\b(?:or|and|to|not|than|more|less|times|plus|minus|over|by|half|pi|dozen|million|billion|trillion|hundred|thousand)\b",
    re.IGNORECASE,
)
_WITH_BASE = re.compile(r"(\d[0-9A-F]*)_\{?(\d+)\}?")
_UNIT = re.compile(r"(?<=[\d)}])\s*([A-Za-z][A-Za-z ]*)(?:\^\S*)?$")
_ARTICLE = re.compile(r"^(?:an?|the) ")

_TEXT_COMMAND = re.compile(r"\\(?:text(?:bf|it|rm|normal)?|math(?:rm|bf|it)|mbox)\s*\{([^{}]*)\}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_UNSEEN = re.compile(r"\\left(?![A-Za-z])|\\right(?![A-Za-z])|\\[!,;:$]|\^\{?\\circ\}?|°")
_LOOSE_SPACE = re.compile(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])")
_FRACTION = re.compile(r"\\[dtc]frac")
_WORD = re.compile(r"[A-Za-z]{2,}")
_FUNCTIONS = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "exp", "sqrt", "arcsin", "arccos", "arctan", "mod", "and", "or"}


def grade(answer: str | None, gold: str, kind: Kind = Kind.TEXT) -> Outcome:
    """Compare an extracted answer with the true one by `decide`; unscorable where two formulas would have to be compared."""
    return decide(answer, gold, kind) or Outcome.UNSCORABLE


def decide(answer: str | None, gold: str, kind: Kind = Kind.TEXT) -> Outcome | None:
    """Compare an extracted answer with the true one by exact rules alone.

    Returns:
        Of texts: numbers are compared by value, words without regard to case; where one of two differing answers is written in
        LaTeX, the outcome is unscorable. Of letters: unscorable where the answer is none. Of numbers and formulas: None where
        formulas have to be read.
    """
    if not answer:
        return Outcome.NO_ANSWER
    if kind is Kind.TEXT:
        return _text(answer, gold)
    if len(answer) > LONGEST_ANSWER or len(gold) > LONGEST_ANSWER:
        return Outcome.UNSCORABLE
    return _letter(answer, gold) if kind is Kind.LETTER else _formula(answer, gold)


def _right(same: bool) -> Outcome:
    return Outcome.CORRECT if same else Outcome.INCORRECT


def _text(answer: str, gold: str) -> Outcome:
    if _canonical(answer) == _canonical(gold):
        return Outcome.CORRECT
    return Outcome.UNSCORABLE if _LATEX.search(answer) or _LATEX.search(gold) else Outcome.INCORRECT


def _canonical(answer: str) -> Decimal | str:
    text = _THOUSANDS.sub("", " ".join((bare(answer) or "").split()).casefold())
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() and "_" not in text else text


def _letter(answer: str, gold: str) -> Outcome:
    letters = [text.strip(" ()[].:*").upper() for text in (answer, gold)]
    return _right(letters[0] == letters[1]) if len(letters[0]) == 1 and letters[0].isalpha() else Outcome.UNSCORABLE


def _formula(answer: str, gold: str) -> Outcome | None:
    ours, true = plain(answer), plain(gold)
    if not ours:
        return Outcome.NO_ANSWER
    if ours == true:
        return Outcome.CORRECT
    value, true_value = _value(ours), _value(true)
    if value is not None and true_value is not None:
        return _right(value == true_value)
    bases = [_WITH_BASE.fullmatch(text) for text in (ours, true)]
    if any(bases):
        return _numerals(ours, true, bases)
    if _is_words(true, gold):
        return _words(ours, true)
    if true_value is not None and (decided := _number_in_prose(ours, true_value)):
        return decided
    return Outcome.UNSCORABLE if _is_prose(ours, answer) else None


def plain(answer: str) -> str:
    """An answer in one spelling: no layout commands, text commands unwrapped, one kind of fraction, minus and space."""
    text = (bare(answer) or "").replace("−", "-").replace("{,}", ",").replace(r"\%", "%").replace(r"\ ", " ").replace("~", " ")
    text = _FRACTION.sub(r"\\frac", _UNSEEN.sub("", text))
    for _ in range(2):  # text in bold text
        text = _TEXT_COMMAND.sub(r" \1", text)
    return _LOOSE_SPACE.sub("", text.replace("$", "")).rstrip(".,;:")


def _value(text: str) -> Decimal | None:
    text = text.removeprefix("(").removesuffix(")") if text.startswith("(") and text.endswith(")") else text
    return Decimal(text.replace(",", "")) if _IS_NUMBER.fullmatch(text) else None


def _numerals(answer: str, gold: str, bases: list[re.Match[str] | None]) -> Outcome | None:
    """Numerals with a base: digits and base count, and the base may be left out where the true answer has it."""
    ours, true = bases
    if true and (ours or _value(answer) is not None):
        return _right(true[1] == (ours[1] if ours else answer) and (not ours or ours[2] == true[2]))
    return Outcome.UNSCORABLE


def _is_words(text: str, original: str) -> bool:
    """Whether an answer is words: letters alone, more of them than a product of variables has, or marked as text."""
    letters = text.strip("()")
    wordy = len(letters) > 3 or " " in letters or "\\text" in original
    return wordy and all(part.isalpha() for part in re.split(r"[ '’-]", letters)) and not _COMMAND.search(text)


def _words(answer: str, gold: str) -> Outcome:
    ours, true = (_ARTICLE.sub("", text.strip("()").casefold()) for text in (answer, gold))
    if ours == true:
        return Outcome.CORRECT
    return Outcome.UNSCORABLE if re.search(rf"\b{re.escape(true)}\b", ours) else Outcome.INCORRECT


def _number_in_prose(answer: str, gold: Decimal) -> Outcome | None:
    """A number that a sentence ends in, its unit included; other sentences are unscorable where they hold the true number."""
    last = _LAST_NUMBER.fullmatch(answer)
    if last and not _NO_UNIT.search(last[2]):
        return _right(_value(last[1]) == gold)
    if _FORMULA.search(answer):
        return None
    numbers = {_value(number) for number in _NUMBERS.findall(answer)}
    return Outcome.UNSCORABLE if gold in numbers or not numbers else Outcome.INCORRECT


def _is_prose(text: str, original: str) -> bool:
    """Whether an answer is a sentence, which reading as a product of variables would make wrong."""
    words = [word for word in _WORD.findall(_COMMAND.sub(" ", text)) if word.lower() not in _FUNCTIONS]
    if _COMMAND.search(original):  # a formula, perhaps with its unit in words
        return len(words) > 4
    return len(words) > 2 or (len(words) == 2 and not re.search(r"\d", text))


def units_differ(answer: str, gold: str) -> bool:
    """Whether both answers name a unit in words, and not the same one."""
    ours, true = (_TEXT_COMMAND.search(text) and _UNIT.search(plain(text)) for text in (answer, gold))
    return bool(ours and true) and _unit(ours) != _unit(true)


def _unit(found: re.Match[str] | None) -> str:
    return found[1].casefold().removesuffix("s") if found else ""
