"""Events of a run and its probes -> view operations for the Timeline tab; pure, like `render`, whose operations it adds to.

    of the one run (called `trace`) the operations of `_KEPT`, as in `render`: no "rate", for the probes slow the run down;
        "answer" ends with the group of the answer. It is what the run says when it ends by itself, which need not be what it
        says when it is stopped after its last token. "so-far" is what it says by itself where it wanted to stop; and
    ["point", run, tokens, characters, answer, verdict, probability, group]
        stopped after `tokens` thinking tokens, which are `characters` of its text, the run would answer so; the answer is null
        where it would give none, verdict "right", "wrong" or "", probability 0 to 1 or null; answers that are one share a group
    ["sentence", text]                          the timeline in words

A point is held back until the text has come so far, however early it was answered.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import groupby

from s1demo.decoding.answers_at_waits import AnswerSoFar
from s1demo.decoding.probe import ProbePoint
from s1demo.events import Event, Finished
from s1demo.grading.answers import judged, spoken
from s1demo.ui.stream.answer_groups import AnswerGroups
from s1demo.ui.stream.render import ComparisonView, Op
from s1demo.ui.stream.verdicts import Truth
from s1demo.ui.stream.words import status

TRACE = "trace"
_KEPT = ("start", "text", "wait", "forced", "count", "end", "delimiter", "status", "so-far", "answer")  # of those of a comparison
_MOST_SPOKEN = 12  # changes of the answer that the sentence lists one by one


class TimelineView:
    """Folds the events of one run and its probes into view operations.

    Args:
        gold: the true answer where it is known; without it there are no verdicts.
    """

    def __init__(self, gold: str | None = None) -> None:
        self._gold = gold
        self._comparison = ComparisonView([TRACE], None if gold is None else Truth(gold))
        self._run = self._comparison.runs[TRACE]
        self._groups = AnswerGroups(gold)
        self._held: list[ProbePoint] = []
        self._shown: list[tuple[int, int, str | None]] = []  # tokens, group and answer of each point, in order of tokens

    def feed(self, name: str, event: Event | ProbePoint | AnswerSoFar, seconds: float) -> list[Op]:
        """The operations of one event or answer, `seconds` after the start; the name is always `TRACE`."""
        ops: list[Op] = []
        if isinstance(event, ProbePoint):
            self._held.append(event)
        else:
            ops = [self._own(op) for op in self._comparison.feed(name, event, seconds) if op[0] in _KEPT]
        reached = [point for point in self._held if point.thinking_tokens <= len(self._run.ids)]
        self._held = [point for point in self._held if point.thinking_tokens > len(self._run.ids)]
        changed = isinstance(event, Finished | AnswerSoFar)
        for point in reached:
            ops.append(self._point(point))
            changed |= self._is_a_change(point.thinking_tokens)
        return [*ops, ["sentence", self.sentence()]] if changed else ops

    def sentence(self) -> str:
        """The timeline in words, for people who cannot see it."""
        stretches = [next(same) for _, same in groupby(self._shown, key=lambda shown: shown[1])]
        if not stretches:
            return "The trace is growing; nothing has been asked yet."
        spans = (f"{spoken(answer, judged(answer, self._gold))} from {at:,}" for at, _, answer in stretches[:_MOST_SPOKEN])
        story = "; ".join(spans)
        more = f"; then {len(stretches) - _MOST_SPOKEN} more changes" if len(stretches) > _MOST_SPOKEN else ""
        parts = [f"Stopped at a number of thinking tokens, it would answer: {story}{more}."]
        if self._run.so_far:
            waits = sorted(self._run.so_far.values(), key=lambda each: each.thinking_tokens)
            ended = (f"{spoken(each.answer, judged(each.answer, self._gold))} at {each.thinking_tokens:,}" for each in waits)
            parts.append(f"Where it wanted to stop and was made to go on, it would have answered by itself: {'; '.join(ended)}.")
        if self._run.finished:
            verdict = f" ({self._run.verdict})" if self._run.verdict else ""
            answer = f"answered {self._run.answer}{verdict}" if self._run.answer else "gave no answer"
            parts.append(f"The run itself ({status(self._run)}) took {len(self._run.ids):,} thinking tokens and {answer}.")
            if (stopped := self._differs_at_the_end()) is not None:
                parts.append(f"Stopped at that very token it would have answered {stopped or 'nothing'} instead.")
        return " ".join(parts)

    def _point(self, point: ProbePoint) -> Op:
        group, verdict = self._groups.of(point.answer)
        insort(self._shown, (point.thinking_tokens, group, point.answer or None), key=lambda shown: shown[0])
        characters = self._run.characters_of(point.thinking_tokens)[1]
        probability = None if point.probability is None else round(point.probability, 4)
        return ["point", TRACE, point.thinking_tokens, characters, point.answer or None, verdict, probability, group]

    def _differs_at_the_end(self) -> str | None:
        """Its answer when it is stopped after its last token, "" for none; None where that is its own answer, or not known."""
        tokens, group, answer = self._shown[-1]
        same = tokens < len(self._run.ids) or group == self._groups.of(self._run.answer)[0]
        return None if same else answer or ""

    def _own(self, op: Op) -> Op:
        """The run's answer with its group, but without its seconds: the probes have slowed it down."""
        return [*op[:4], op[4][:1], self._groups.of(self._run.answer)[0]] if op[0] == "answer" else op

    def _is_a_change(self, tokens: int) -> bool:
        """Whether the answer at a point is another than the one before it or behind it."""
        at = bisect_left(self._shown, tokens, key=lambda shown: shown[0])
        return len(self._shown) == 1 or len({group for _, group, _ in self._shown[max(0, at - 1) : at + 2]}) > 1
