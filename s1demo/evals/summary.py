"""A sweep's journal folded into its result: points, differences, the ledger of Waits, and the paper's metrics.

Knows records and numbers. Knows no engine and no file; what it keeps of a question is a few numbers a run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from s1demo.budget import AUTO
from s1demo.evals.metrics import EvalRun, control, distinct, majority, paired_bootstrap, performance, scaling, wilson
from s1demo.evals.provenance import Provenance
from s1demo.evals.results import Difference, Exchange, Group, Point, RunResult
from s1demo.evals.setting import LEFT_ALONE, Setting, run_of
from s1demo.evals.sweep import SweepPlan
from s1demo.grading import Judge, Kind, Outcome, grade


@dataclass(frozen=True)
class _Graded:
    """One question's result at one point."""

    index: int
    outcome: Outcome
    thinking_tokens: int
    answer_tokens: int
    ended: tuple[str, ...]
    domain: str
    phrasing: str

    @property
    def right(self) -> bool:
        return self.outcome is Outcome.CORRECT


def summarise(records: Iterable[dict[str, Any]], plan: SweepPlan, source: Provenance, judge: Judge = grade) -> RunResult:
    """Fold the records of a journal.

    Args:
        records: at least one finished question, in any order.
        judge: what grades runs and majorities; a `Grader`'s compares formulas too.
    """
    graded: dict[Setting, list[_Graded]] = defaultdict(list)
    engine_tokens = independent_tokens = 0
    for record in records:
        for setting in plan.policies():
            graded[setting].append(_graded(record, [run_of(record, setting)], judge))
        for setting in plan.votes():
            runs = [run_of(record, LEFT_ALONE, sample) for sample in range(1, setting.votes + 1)]
            graded[setting].append(_graded(record, runs, judge))
        engine_tokens += record["engine_tokens"]
        independent_tokens += record["independent_tokens"]
    for rows in graded.values():
        rows.sort(key=lambda row: row.index)  # the order of finishing is chance, and figures must not depend on it
    points = [_point(setting, rows, plan) for setting, rows in graded.items()]
    measured = _eval_runs(points, plan)
    order = sorted(measured, key=lambda setting: setting != LEFT_ALONE)
    kept = {order[position] for position in distinct([measured[setting] for setting in order])}
    slope, share = scaling([run for setting, run in measured.items() if setting in kept]), control(list(measured.values()))
    return RunResult(
        **vars(source),
        n=len(graded[LEFT_ALONE]),
        points=tuple(points),
        differences=tuple(_difference(graded, *pair, plan.seed) for pair in _compared(plan)),
        control=_rounded(share),
        scaling=_rounded(slope),
        performance=round(performance(list(measured.values())), 2),
        scaling_points=tuple(setting for setting, run in measured.items() if setting in kept and run.thinking_tokens > 0),
        ledger=tuple(_exchange(graded, *pair) for pair in pairwise(_chain(plan))),
        engine_tokens=engine_tokens,
        independent_tokens=independent_tokens,
    )


def _graded(record: dict[str, Any], runs: Sequence[dict[str, Any]], judge: Judge) -> _Graded:
    """One run, or the majority of several."""
    kind = Kind(record.get("kind", Kind.TEXT))

    def same(answer: str, known: str) -> bool:
        return answer == known or judge(answer, known, kind) is Outcome.CORRECT

    return _Graded(
        index=record["index"],
        outcome=judge(majority([run["answer"] for run in runs], same), record["true_answer"], kind),
        thinking_tokens=sum(run["thinking_tokens"] for run in runs),
        answer_tokens=sum(len(run["answer_ids"]) for run in runs),
        ended=tuple(run["end_of_thinking"] for run in runs),
        domain=record["domain"],
        phrasing=record["phrasing"],
    )


def _point(setting: Setting, rows: list[_Graded], plan: SweepPlan) -> Point:
    whole = _group(rows)
    low, high = wilson(whole.correct, whole.n)
    return Point(
        setting=setting,
        temperature=0.0 if plan.samples > 1 and not setting.votes else plan.temperature,
        mean_thinking_tokens=whole.mean_thinking_tokens,
        mean_answer_tokens=round(sum(row.answer_tokens for row in rows) / whole.n, 2),
        correct=whole.correct,
        n=whole.n,
        accuracy=whole.accuracy,
        ci95=(round(low, 2), round(high, 2)),
        outcomes={outcome.value: sum(row.outcome is outcome for row in rows) for outcome in Outcome},
        verdicts="".join(row.outcome[0] for row in rows),
        ended=dict(Counter(end for row in rows for end in row.ended).most_common()),
        domains=_groups(rows, "domain"),
        phrasings=_groups(rows, "phrasing"),
    )


def _group(rows: list[_Graded]) -> Group:
    n, correct = len(rows), sum(row.right for row in rows)
    return Group(n, correct, round(100 * correct / n, 2), round(sum(row.thinking_tokens for row in rows) / n, 2))


def _groups(rows: list[_Graded], name: str) -> dict[str, Group]:
    found = sorted({getattr(row, name) for row in rows} - {""})
    return {value: _group([row for row in rows if getattr(row, name) == value]) for value in found}


def _eval_runs(points: list[Point], plan: SweepPlan) -> dict[Setting, EvalRun]:
    """The points the metrics are over (of a vote, the majorities) with what was asked of their length.

    A budget asks for at most so many tokens; a Wait asks for no fewer than natural stopping, as the paper scores its long prompt.
    """
    natural = next(point for point in points if point.setting == LEFT_ALONE)
    runs = {}
    for point in points:
        asked = point.setting
        if plan.samples > 1 and asked == LEFT_ALONE:
            continue
        limits = {"at_most": float(asked.max_thinking_tokens)} if asked.max_thinking_tokens != AUTO else {}
        if asked.num_ignore:
            limits = {"at_least": natural.mean_thinking_tokens}
        runs[asked] = EvalRun(point.mean_thinking_tokens, point.accuracy, **limits)
    return runs


def _chain(plan: SweepPlan) -> list[Setting]:
    """Natural stopping and the Waits, each going on from the one before."""
    return list(plan.policies())[len(plan.budgets) :]


def _compared(plan: SweepPlan) -> list[tuple[Setting, Setting]]:
    """Setting and reference of each difference."""
    waits, majorities = _chain(plan)[1:], plan.votes()
    pairs = [(setting, LEFT_ALONE) for setting in waits]
    if {1, 2} <= set(plan.waits):
        pairs.append((waits[1], waits[0]))
    return pairs + [(setting, reference) for setting in majorities[1:] for reference in (majorities[0], LEFT_ALONE)]


def _difference(graded: dict[Setting, list[_Graded]], setting: Setting, against: Setting, seed: int) -> Difference:
    found = paired_bootstrap([row.right for row in graded[setting]], [row.right for row in graded[against]], seed=seed)
    return Difference(setting, against, round(found.points, 2), (round(found.low, 2), round(found.high, 2)))


def _exchange(graded: dict[Setting, list[_Graded]], before: Setting, setting: Setting) -> Exchange:
    pairs = [(a.right, b.right) for a, b in zip(graded[before], graded[setting], strict=True)]
    return Exchange(setting, before, pairs.count((False, True)), pairs.count((True, False)))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def report(result: RunResult) -> str:
    """The result as lines for people."""
    lines = [f"{result.model} on {result.benchmark}, {result.n} questions", ""]
    lines.append(f"{'point':<14} {'thinking':>9} {'answer':>7} {'right':>6} {'accuracy':>9}   95 % interval")
    for p in result.points:
        figures = f"{p.mean_thinking_tokens:9.1f} {p.mean_answer_tokens:7.1f} {p.correct:6d} {p.accuracy:8.1f}%"
        unscorable = p.outcomes[Outcome.UNSCORABLE]
        note = f"   {unscorable} unscorable, counted as not right" if unscorable else ""
        lines.append(f"{p.label:<14} {figures}   {p.ci95[0]:.1f} to {p.ci95[1]:.1f}{note}")
    lines.append("")
    for d in result.differences:
        lines.append(f"{d.setting.label} - {d.against.label}: {d.points:+.1f} points, {d.ci95[0]:+.1f} to {d.ci95[1]:+.1f}")
    for e in result.ledger:
        step = f"{e.after.label} -> {e.setting.label}"
        lines.append(f"{step}: {e.wrong_to_right} wrong to right, {e.right_to_wrong} right to wrong")
    control_, scaling_ = (
        "none" if value is None else f"{value:.1f}{unit}"
        for value, unit in ((result.control, " %"), (result.scaling, " points per doubling of thinking tokens"))
    )
    lines.append(f"Control {control_}, Scaling {scaling_}, Performance {result.performance:.1f} %")
    saved = result.independent_tokens / max(1, result.engine_tokens)
    lines.append(f"{result.engine_tokens:,} tokens decoded; one run per point: {result.independent_tokens:,} ({saved:.1f} times)")
    return "\n".join(lines)
