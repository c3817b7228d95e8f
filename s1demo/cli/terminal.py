"""Events as coloured text on a terminal: forced tokens are marked by brackets and colour, so that both ways of reading work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from s1demo.decoding.probe import ProbePoint
from s1demo.delimiters import FINAL_ANSWER
from s1demo.events import EndOfThinking, Event, Finished, Origin, Phase, ThinkingEnded, Tokens
from s1demo.traces import Trace

_STYLES = {"forced": "33;1", "note": "2", "answer": "1", "title": "34;1"}
_WHY = {
    EndOfThinking.NATURAL: "stopped by itself",
    EndOfThinking.BUDGET: "cut by the budget",
    EndOfThinking.CONTEXT: "cut: the context is full",
}


class TerminalWriter:
    """Writes several runs one below the other while all of them stream.

    Args:
        names: the runs, in the order to show them; the first is written live, the next ones as soon as it is finished.
        out: where to.
        titles: whether to write each run's name above it.
        coloured: whether to use colours beside the brackets.
    """

    def __init__(self, names: list[str], out: TextIO, titles: bool, coloured: bool) -> None:
        self._out = out
        self._coloured = coloured
        self._finished: set[str] = set()
        self._waiting = {name: [self._style(f"\n{name}\n", "title")] if titles else [] for name in names}

    def write(self, name: str, event: Event, trace: Trace) -> None:
        """Show one event of one run, now or when its turn comes; `trace` is the run so far."""
        self._waiting[name].append(self._text(event, trace))
        if isinstance(event, Finished):
            self._finished.add(name)
        while self._waiting:
            current = next(iter(self._waiting))
            self._out.write("".join(self._waiting[current]))
            self._waiting[current].clear()
            if current not in self._finished:
                break
            del self._waiting[current]
        self._out.flush()

    def _text(self, event: Event, trace: Trace) -> str:
        match event:
            case Tokens(phase=Phase.DELIMITER):
                return self._forced(FINAL_ANSWER) if trace.end_of_thinking is not EndOfThinking.NATURAL else ""
            case Tokens(origin=Origin.FORCED):
                return self._forced(event.text)
            case Tokens():
                return self._style(printable(event.text), "answer" if event.phase is Phase.ANSWER else "")
            case ThinkingEnded():
                gap = "" if trace.thinking_text.endswith("\n") else "\n"
                return gap + self._style(f"-- {_WHY[event.reason]} after {event.thinking_tokens} thinking tokens --\n", "note")
            case Finished():
                answer = trace.answer if trace.answer is not None else "none"
                counts = f"{trace.thinking_tokens} thinking tokens (forced ones included), {trace.answer_tokens} answer tokens"
                return self._style(f"\n-- answer: {printable(answer)} | {counts} | {trace.seconds:.2f} s --\n", "note")
        return ""

    def _forced(self, text: str) -> str:
        return self._style(f"[{printable(text)}]", "forced")

    def _style(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and self._coloured else text


def one_line(text: str) -> str:
    """Text on one line, without control characters."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """Text without the control characters by which a model could steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def timeline_table(points: Sequence[ProbePoint]) -> str:
    """The answer timeline as lines of text, in the order of the points."""
    rows = [("stopped at", "probability", "answer")]
    for point in points:
        probability = "unknown" if point.probability is None else f"{point.probability:.3f}"
        rows.append((str(point.thinking_tokens), probability, one_line(point.answer) if point.answer else "-"))
    return "\n" + "\n".join(f"{place:>10}  {probability:>11}  {answer}" for place, probability, answer in rows)
