"""What every tab is built from: the engine, the settings, and what all open pages share."""

from __future__ import annotations

from dataclasses import dataclass, field

from s1demo.engines import Engine
from s1demo.settings import Settings
from s1demo.ui.questions import QuestionBank
from s1demo.ui.stream.streaming import Sessions
from s1demo.ui.stream.verdicts import FormulaJudge


@dataclass(frozen=True)
class Exhibit:
    """What the tabs are built from; sessions and judge serve every open page."""

    engine: Engine
    settings: Settings
    bank: QuestionBank = field(default_factory=QuestionBank.load)
    sessions: Sessions = field(default_factory=Sessions)
    judge: FormulaJudge = field(default_factory=FormulaJudge)
