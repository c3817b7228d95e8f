"""The questions behind one point of a plot: right and wrong, what a Wait mended and spoilt, and the way to each one's trace.

Pure; texts are data-set rows as they are, for a page that sets them as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from s1demo.budget import AUTO
from s1demo.evals.measured import Measured
from s1demo.evals.results import Point, RunResult
from s1demo.grading import Outcome
from s1demo.policies import NATURAL
from s1demo.ui.controls import EXTENSIONS, OWN

PAGE = 40  # questions sent at once
_WORDS = {"c": "right", "i": "wrong", "n": "no answer", "u": "unscorable"}
assert {outcome[0] for outcome in Outcome} == set(_WORDS)
_OTHER_MODEL = "Measured with {measured}; the loaded model is {loaded}, so the traces you open will differ."
_VOTES = "A vote is over sampled answers, which are not kept; a question opens the greedy trace that stops by itself."
_NOT_HERE = "The questions of this run are not shipped with the exhibit. Its command line has them again."


@dataclass(frozen=True)
class Wanted:
    """What of a point's questions a page asks for; untrusted.

    Attributes:
        label: the point's.
        domain: only this kind of problem, empty for all.
        only: a key of the filters, such as "wrong"; anything else is all.
        offset: questions to skip.
        step: compare with the point before, as the ledger does, in place of natural stopping.
    """

    label: str
    domain: str = ""
    only: str = ""
    offset: int = 0
    step: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Wanted:
        """Read what the page sent."""
        offset = given.get("offset")
        return cls(
            str(given.get("label") or "")[:80],
            str(given.get("domain") or "")[:80],
            str(given.get("only") or "")[:20],
            offset if isinstance(offset, int) and offset > 0 else 0,
            bool(given.get("step")),
        )


@dataclass(frozen=True)
class _Row:
    index: int
    verdict: str
    before: str

    @property
    def right(self) -> bool:
        return self.verdict == "c"

    @property
    def mended(self) -> bool:
        return self.right and self.before not in ("c", "")

    @property
    def spoilt(self) -> bool:
        return not self.right and self.before == "c"


_FILTERS: dict[str, Callable[[_Row], bool]] = {
    "all": lambda row: True,
    "wrong": lambda row: not row.right,
    "right": lambda row: row.right,
    "mended": lambda row: row.mended,
    "spoilt": lambda row: row.spoilt,
}


def point_questions(found: Measured, wanted: Wanted, model: str, same_model: bool) -> dict[str, Any] | None:
    """One page of a point's questions, as the page shows it; None where the run has no such point.

    Args:
        found: the run.
        wanted: which point, which questions.
        model: name of the loaded model.
        same_model: whether it is the one the run was measured with.
    """
    run = found.run
    point = next((point for point in run.points if point.label == wanted.label), None)
    if point is None:
        return None
    against = _against(run, point, wanted.step)
    rows = [_Row(n, verdict, against.verdicts[n] if against else "") for n, verdict in enumerate(point.verdicts)]
    if wanted.domain and found.asked:
        rows = [row for row in rows if found.asked[row.index].domain == wanted.domain]
    filters = [(key, sum(map(fits, rows))) for key, fits in _FILTERS.items() if against or key not in ("mended", "spoilt")]
    chosen = wanted.only if wanted.only in dict(filters) else "all"
    shown = [row for row in rows if _FILTERS[chosen](row)] if found.asked else []
    notes: list[tuple[str, dict[str, str]]] = [] if same_model else [(_OTHER_MODEL, {"measured": run.model, "loaded": model})]
    notes += [(_VOTES, {})] if point.votes > 1 else []
    notes += [] if found.asked else [(_NOT_HERE, {})]
    return {
        "run": found.key,
        "label": point.label,
        "domain": wanted.domain,
        "step": wanted.step,
        "title": f"{point.label}{f', {wanted.domain}' if wanted.domain else ''}",
        "name": found.name,
        "benchmark": found.benchmark,
        "right": sum(row.right for row in rows),
        "of": len(rows),
        "against": against.label if against else "",
        "filters": filters,
        "only": chosen,
        "notes": notes,
        "offset": wanted.offset,
        "total": len(shown),
        "rows": [_row(found, point, row) for row in shown[wanted.offset : wanted.offset + PAGE]],
    }


def _against(run: RunResult, point: Point, step: bool) -> Point | None:
    """What a point of Waits or votes is compared with: natural stopping, or the step before it."""
    before = next((e.after for e in run.ledger if e.label == point.label), NATURAL) if step else NATURAL
    if point.label == NATURAL or not (point.num_ignore or point.votes > 1):
        return None
    return next((other for other in run.points if other.label == before), None)


def _row(found: Measured, point: Point, row: _Row) -> dict[str, Any]:
    assert found.asked is not None
    problem = found.asked[row.index]
    return {
        "number": row.index + 1,
        "right": row.right,
        "verdict": _WORDS[row.verdict],
        "change": "mended" if row.mended else "spoilt" if row.spoilt else "",
        "question": problem.question,
        "answer": problem.answer,
        "domain": problem.domain,
        "go": {"tab": "compare", "question": problem.question, "answer": problem.answer, **_settings(point), "run": "1"},
    }


def _settings(point: Point) -> dict[str, str]:
    """The parts of Compare's address that give this point's run; traces are greedy, whatever was set before."""
    parts = {"temperature": "0"}
    if point.max_thinking_tokens != AUTO:
        return parts | {"budget": str(point.max_thinking_tokens)}
    if not point.num_ignore:
        return parts
    word = point.label.rsplit(" x", 1)[0]
    extension = {"extension": word} if word in EXTENSIONS else {"extension": OWN, "own": "\n" if word == "newline" else word}
    return parts | {"waits": str(point.num_ignore)} | extension
