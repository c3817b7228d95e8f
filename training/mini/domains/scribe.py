"""The pen that writes the miniature's working: fixed text, computed values, at most one slip.

Knows nothing of arithmetic, methods, tokens or chains. A slip is a value that comes out wrong; its characters are marked, so
that training can leave them out of the loss, and everything written later builds on the value that was written.

The pen also sets the marks between steps: `then` puts a comma where a value has just been written, `stop` ends a sentence once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Self, TypeVar

Option = TypeVar("Option", int, str)


@dataclass
class Scribe:
    """Writes down one pass and lets at most one of its values slip.

    Attributes:
        rng: source of the wrong values.
        slip_at: which value slips, counted from 0; None for none.
        pieces: the text so far as (text, is it a slipped value).
        n_values: values written so far.
        after_value: whether a value was written last.
    """

    rng: Random
    slip_at: int | None = None
    pieces: list[tuple[str, bool]] = field(default_factory=list)
    n_values: int = 0
    after_value: bool = False

    def say(self, text: str) -> Self:
        """Write fixed text."""
        if text:
            self.pieces.append((text, False))
            self.after_value = False
        return self

    def then(self, text: str) -> Self:
        """Write the fixed text of a further step: after a comma, unless it is the first of its sentence."""
        return self.say(f",{text}" if self.after_value else text)

    def stop(self) -> Self:
        """End the sentence, unless it has ended."""
        return self.say("" if self.pieces[-1][0].endswith(".") else ".")

    def value(self, right: int) -> int:
        """Write a computed number, perhaps a wrong one.

        Args:
            right: what a correct computation gives here.

        Returns:
            The number written, on which all later steps build.
        """
        steps = [1, -1] if right < 10 else [1, -1, 10, -10, 2, -2] if right < 100 else [1, -1, 10, -10, 100, -100]
        return self._write(right, [right + step for step in steps if right + step >= 0])

    def pick(self, right: Option, options: Sequence[Option]) -> Option:
        """Write one of several options, perhaps a wrong one.

        Args:
            right: the correct option.
            options: the right one and those that a slip may write.

        Returns:
            The option written, on which all later steps build.
        """
        return self._write(right, [option for option in options if option != right])

    def _write(self, right: Option, wrong: Sequence[Option]) -> Option:
        """Write the right one, or a wrong one if this is the value that slips; a slip needs a wrong one to write."""
        slips = self.slip_at == self.n_values and bool(wrong)
        written = self.rng.choice(wrong) if slips else right
        self.pieces.append((f" {written}", slips))
        self.n_values += 1
        self.after_value = True
        return written


@dataclass(frozen=True)
class Pass:
    """One finished pass: a line that ends in "So X." and a newline.

    Attributes:
        pieces: (text, is it a slipped value) in order.
        conclusion: the X it concludes, right or wrong.
    """

    pieces: tuple[tuple[str, bool], ...]
    conclusion: str

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(text for text, _ in self.pieces)
