"""What every tab is built from."""

from __future__ import annotations

from dataclasses import dataclass, field

from s1demo.engines import Engine
from s1demo.settings import Settings
from s1demo.ui.questions import QuestionBank
from s1demo.ui.stream.streaming import Sessions
from s1demo.ui.stream.verdicts import FormulaJudge


@dataclass(frozen=True)
class Exhibit:
    """One served page and what stands behind it.

    Attributes:
        engine: what decodes.
        settings: limits of one run, and of all.
        bank: example questions and known answers.
        sessions: the live runs of every page.
        judge: compares formulas for every page.
    """

    engine: Engine
    settings: Settings
    bank: QuestionBank = field(default_factory=QuestionBank.load)
    sessions: Sessions = field(default_factory=Sessions)
    judge: FormulaJudge = field(default_factory=FormulaJudge)
