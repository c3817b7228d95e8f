"""Events of a race -> view operations for the Race tab; pure, like `render`, from which it has the text of each lane.

One lane is `sequential`, the trace made to go on; the others are the samples, "1", "2" and so on. Tokens: those the model wrote.

    ["start", lane, budget], ["text", ...], ["wait", ...], ["forced", ...], ["end", ...], ["delimiter", ...]   as in `render`,
                                                but "wait" ends with the tokens written so far in this lane
    ["spent", lane, tokens]                     written so far in this lane
    ["answered", lane, tokens, answer, verdict, waits]
        a run came to its end: a sample, or the sequential trace as it is when it is made to go on `waits` times only
    ["fair", tokens]                            what the sequential trace has cost in the end
    ["vote", tokens, answer, verdict, group, votes, of]   the majority once another sample has finished, and what all have cost
    ["tally", [[answer, verdict, group, votes], ...]]     all answers of the samples so far, most votes first
    ["result", method, answer, verdict, line]   what a way to spend tokens gives: "sequential", "equal", "all" or "first"
    ["sentence", text]                          the race in words

An answer is null where there is none, verdict "right", "wrong" or ""; answers that are one share a group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from s1demo.evals.votes import Choice, affordable, first_finished, vote
from s1demo.events import Event, Finished, RunStarted, Tokens
from s1demo.traces import Trace, TraceBuilder
from s1demo.ui.stream.answer_groups import NONE, AnswerGroups
from s1demo.ui.stream.render import ComparisonView, Op

SEQUENTIAL, PARALLEL = "sequential", "parallel"
_TEXT = ("start", "text", "wait", "forced", "end", "delimiter")
_TITLES = {
    SEQUENTIAL: "The sequential trace",
    "equal": "The vote at equal tokens",
    "all": "The vote of all samples",
    "first": "The first to finish",
}


class RaceView:
    """Folds the events of a race into view operations.

    Args:
        sequential: a builder for each number of Waits, as the name of its run; the last is the trace that races.
        samples: a builder for each sample, in the order of their numbers.
        gold: the true answer where it is known; without it there are no verdicts.
    """

    def __init__(self, sequential: Mapping[str, TraceBuilder], samples: Sequence[TraceBuilder], gold: str | None = None) -> None:
        self._sequential = dict(sequential)
        self._longest = list(sequential)[-1]
        self._samples = list(samples)
        self._begun = 0  # samples
        self._groups = AnswerGroups(gold)
        self._lanes = {lane: ComparisonView([lane]) for lane in (SEQUENTIAL, *map(str, range(1, len(samples) + 1)))}
        self._results: dict[str, tuple[str | None, str, str]] = {}

    def feed(self, name: str, event: Event, seconds: float) -> list[Op]:
        """The operations of one event, `seconds` after the start.

        Args:
            name: a run of `sequential`, or `PARALLEL` for the samples, one after the other in the order of their numbers.
        """
        if name == PARALLEL:
            self._begun += isinstance(event, RunStarted)
            builder = self._samples[self._begun - 1]
            builder.add(event)
            ops = self._text(str(self._begun), event, seconds)
            return ops + self._sample_finished(str(self._begun), builder.trace()) if isinstance(event, Finished) else ops
        builder = self._sequential[name]
        builder.add(event)
        ops = self._text(SEQUENTIAL, event, seconds) if name == self._longest else []
        return ops + self._sequential_finished(name, builder.trace()) if isinstance(event, Finished) else ops

    def _text(self, lane: str, event: Event, seconds: float) -> list[Op]:
        view = self._lanes[lane]
        ops = [op for op in view.feed(lane, event, seconds) if op[0] in _TEXT]
        ops = [[*op, view.runs[lane].sampled_tokens] if op[0] == "wait" else op for op in ops]
        if isinstance(event, Tokens):
            ops.append(["spent", lane, view.runs[lane].sampled_tokens])
        return ops

    def _sequential_finished(self, name: str, trace: Trace) -> list[Op]:
        ops = [self._answered(SEQUENTIAL, trace)]
        if name == self._longest:
            line = f"{_n(trace.sampled_tokens, 'token')}, {_times(trace.waits_used)}"
            ops += [["fair", trace.sampled_tokens], self._result(SEQUENTIAL, trace.answer, line), *self._parallel_results()]
        return ops

    def _sample_finished(self, lane: str, trace: Trace) -> list[Op]:
        finished = self._finished()
        choice = vote(finished)
        group, verdict = self._groups.of(choice.answer)
        return [
            self._answered(lane, trace),
            ["vote", choice.spent_tokens, choice.answer, verdict, group, choice.votes, choice.n_samples],
            ["tally", self._tally(finished)],
            *self._parallel_results(),
        ]

    def _finished(self) -> list[Trace]:
        """The samples that are finished; as they come in the order of their numbers, these are the first ones."""
        traces = [builder.trace() for builder in self._samples[: self._begun]]
        return [trace for trace in traces if trace.finish_reason is not None]

    def _tally(self, traces: Sequence[Trace]) -> list[list[Any]]:
        votes: dict[int, int] = {}  # in the order of the samples, so that sorting leaves ties in it
        known: dict[int, tuple[str | None, str]] = {}
        for trace in traces:
            group, verdict = self._groups.of(trace.answer)
            votes[group] = votes.get(group, 0) + 1
            known.setdefault(group, (trace.answer, verdict))
        ordered = sorted(votes, key=lambda group: (group == NONE, -votes[group]))
        return [[*known[group], group, votes[group]] for group in ordered]

    def _parallel_results(self) -> list[Op]:
        finished, of = self._finished(), len(self._samples)
        if not finished:
            return []
        everything = vote(finished)
        votes = _votes(everything) + ("" if len(finished) == of else ", so far")
        ops = [self._result("all", everything.answer, f"{votes}, {_n(everything.spent_tokens, 'token')}")]
        rival = self._sequential[self._longest].trace()
        if rival.finish_reason is not None and (len(finished) == of or everything.spent_tokens > rival.sampled_tokens):
            ops.append(self._equal(finished, rival.sampled_tokens))
        if len(finished) == of:
            first = first_finished(finished)
            took = first.trace.sampled_tokens if first.trace else 0
            tied = [n for n, trace in enumerate(finished, start=1) if trace.sampled_tokens == took]
            after = f"after {_n(took, 'token')}"
            if len({self._groups.of(finished[n - 1].answer)[0] for n in tied}) > 1:
                after = f"{len(tied)} tied at {_n(took, 'token')}, sample {tied[0]}'s is shown"
            each = "" if of == 1 else f": {of} started, each stopped at {took:,}, make {_n(first.spent_tokens, 'token')}"
            ops.append(self._result("first", first.answer, f"{after}{each}"))
        return [*ops, ["sentence", self.sentence()]]

    def _equal(self, finished: Sequence[Trace], tokens: int) -> Op:
        within = affordable(finished, tokens)
        if not within:
            return self._result("equal", None, f"{tokens:,} tokens do not pay for one sample")
        choice = vote(within)
        paid = f"{tokens:,} tokens pay for {len(within)} of {_n(len(self._samples), 'sample')} ({choice.spent_tokens:,})"
        return self._result("equal", choice.answer, f"{_votes(choice)}; {paid}")

    def _answered(self, lane: str, trace: Trace) -> Op:
        return ["answered", lane, trace.sampled_tokens, trace.answer, self._groups.of(trace.answer)[1], trace.waits_used]

    def _result(self, method: str, answer: str | None, line: str) -> Op:
        verdict = self._groups.of(answer)[1]
        self._results[method] = (answer, verdict, line)
        return ["result", method, answer, verdict, line]

    def sentence(self) -> str:
        """The race in words, for people who cannot see it."""
        parts = []
        for method, title in _TITLES.items():
            if method in self._results:
                answer, verdict, line = self._results[method]
                does = f"answers {answer}{f' ({verdict})' if verdict else ''}" if answer else "has no answer"
                parts.append(f"{title} {does}: {line}.")
        return " ".join(parts) or "The race is on; nothing has been answered yet."


def _n(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _votes(choice: Choice) -> str:
    return f"{choice.votes} of {_n(choice.n_samples, 'vote')}"


def _times(n: int) -> str:
    return "made to go on once" if n == 1 else f"made to go on {n} times" if n else "not made to go on"
