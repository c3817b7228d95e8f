"""The questions behind one point of a plot: right and wrong, what a Wait fixed and broke, and the way to each one's trace.

Pure; texts are data-set rows as they are, for a page that sets them as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from s1demo.budget import AUTO
from s1demo.evals.measured import Measured
from s1demo.evals.results import Point, RunResult
from s1demo.evals.setting import LEFT_ALONE
from s1demo.grading import Outcome
from s1demo.ui.controls import EXTENSIONS, NOTHING, OWN

PAGE = 40  # questions sent at once
_WORDS = {"c": "right", "i": "wrong", "n": "no answer", "u": "unscorable"}
assert {outcome[0] for outcome in Outcome} == set(_WORDS)
_OTHER_MODEL = "Measured with {measured}; the loaded model is {loaded}, so the traces you open will differ."
_VOTES = "A vote is over sampled answers, which are not kept; a question opens the greedy trace that stops by itself."
_NOT_HERE = "The questions of this run are not shipped with the exhibit. Its command line has them again."


@dataclass(frozen=True)
class QuestionsRequest:
    """What of a point's questions a page asks for; untrusted.

    Attributes:
        label: the label of the point, as links have it.
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
    def read(cls, given: Mapping[str, Any]) -> QuestionsRequest:
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
    """One question: its place, how it was answered, and whether that was fixed or broken, where there is a point to compare."""

    index: int
    verdict: str
    right: bool
    change: str = ""


_FILTERS: dict[str, Callable[[_Row], bool]] = {
    "all": lambda row: True,
    "wrong": lambda row: not row.right,
    "right": lambda row: row.right,
    "mended": lambda row: row.change == "mended",
    "spoilt": lambda row: row.change == "spoilt",
}
_CHANGES = {(False, True): "mended", (True, False): "spoilt"}  # right before, right now


def point_questions(found: Measured, request: QuestionsRequest, model: str, same_model: bool) -> dict[str, Any] | None:
    """One page of a point's questions, as the page shows it; None where the run has no such point.

    Args:
        same_model: whether it is the one the run was measured with.
    """
    run = found.run
    point = run.labelled(request.label)
    if point is None:
        return None
    against = _against(run, point, request.step)
    before = against.right if against else point.right
    changes = [_CHANGES.get(pair, "") for pair in zip(before, point.right, strict=True)]
    rows = [_Row(n, *row) for n, row in enumerate(zip(point.verdicts, point.right, changes, strict=True))]
    if request.domain and found.asked:
        rows = [row for row in rows if found.asked[row.index].domain == request.domain]
    filters = [(key, sum(map(fits, rows))) for key, fits in _FILTERS.items() if against or key not in ("mended", "spoilt")]
    chosen = request.only if request.only in dict(filters) else "all"
    shown = [row for row in rows if _FILTERS[chosen](row)] if found.asked else []
    notes: list[tuple[str, dict[str, str]]] = [] if same_model else [(_OTHER_MODEL, {"measured": run.model, "loaded": model})]
    notes += [(_VOTES, {})] if point.setting.votes > 1 else []
    notes += [] if found.asked else [(_NOT_HERE, {})]
    return {
        "run": found.key,
        "label": point.label,
        "domain": request.domain,
        "step": request.step,
        "title": f"{point.label}{f', {request.domain}' if request.domain else ''}",
        "name": found.name,
        "benchmark": found.benchmark,
        "right": sum(row.right for row in rows),
        "of": len(rows),
        "against": against.label if against else "",
        "filters": filters,
        "only": chosen,
        "notes": notes,
        "offset": request.offset,
        "total": len(shown),
        "rows": [_row(found, point, row) for row in shown[request.offset : request.offset + PAGE]],
    }


def _against(run: RunResult, point: Point, step: bool) -> Point | None:
    """What a point of Waits or votes is compared with: natural stopping, or the step before it."""
    if not point.setting.num_ignore and point.setting.votes < 2:
        return None
    before = next((e.after for e in run.ledger if step and e.setting == point.setting), LEFT_ALONE)
    return next((other for other in run.points if other.setting == before), None)


def _row(found: Measured, point: Point, row: _Row) -> dict[str, Any]:
    assert found.asked is not None
    problem = found.asked[row.index]
    return {
        "number": row.index + 1,
        "right": row.right,
        "verdict": _WORDS[row.verdict],
        "change": row.change,
        "question": problem.question,
        "answer": problem.answer,
        "domain": problem.domain,
        "go": {"tab": "compare", "question": problem.question, "answer": problem.answer, "run": "1", **_address_parts(point)},
    }


def _address_parts(point: Point) -> dict[str, str]:
    """The parts of Compare's address that give this point's run; traces are greedy, whatever was set before."""
    parts, setting = {"temperature": "0"}, point.setting
    if setting.max_thinking_tokens != AUTO:
        return parts | {"budget": str(setting.max_thinking_tokens)}
    if not setting.num_ignore:
        return parts
    return parts | {"waits": str(setting.num_ignore)} | _extension_parts(setting.extension)


def _extension_parts(extension: str) -> dict[str, str]:
    if not extension:
        return {"extension": NOTHING}
    on_a_button = extension in EXTENSIONS and extension not in (NOTHING, OWN)
    return {"extension": extension} if on_a_button else {"extension": OWN, "own": extension}
