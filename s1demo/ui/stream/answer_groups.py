"""Which of the answers that come one after another are the same, and whether they are right. Pure."""

from __future__ import annotations

from s1demo.grading.answers import Verdict, judged, same_answer

_WORDS = {Verdict.RIGHT: "right", Verdict.WRONG: "wrong"}
NONE = -1


class AnswerGroups:
    """Numbers for different answers, in the order they came.

    Args:
        gold: the true answer where it is known; without it there are no verdicts.
    """

    def __init__(self, gold: str | None = None) -> None:
        self._gold = gold
        self._known: list[tuple[str, str]] = []  # each different answer as first written, and its verdict
        self._seen: dict[str, int] = {}  # an answer as written -> its number: comparing answers takes time

    def of(self, answer: str | None) -> tuple[int, str]:
        """The number of an answer, `NONE` where there is none, and its verdict: "right", "wrong" or ""."""
        if not answer:
            return NONE, ""
        if answer not in self._seen:
            same = (number for number, (known, _) in enumerate(self._known) if same_answer(known, answer))
            self._seen[answer] = number = next(same, len(self._known))
            if number == len(self._known):
                self._known.append((answer, _WORDS.get(judged(answer, self._gold), "")))
        return self._seen[answer], self._known[self._seen[answer]][1]
