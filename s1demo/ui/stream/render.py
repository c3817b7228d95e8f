"""Events -> view operations: what the page must change, as small JSON-able lists, appended text only.

Pure: no gradio, no engine, no clock (the caller says how many seconds a run has taken). `web/comparison.js` carries out the
operations; the table below is the whole contract between the two.

    ["start", run, budget]                      a run begins, `budget` thinking tokens at most
    ["text", run, "thinking" | "answer", text]  append text the model wrote
    ["wait", run, number, tokens]               the end of thinking was suppressed after `tokens` thinking tokens
    ["forced", run, text]                       append forced thinking text (the extension string)
    ["count", run, tokens]                      thinking tokens so far, forced ones included
    ["shared", run, tokens, characters]         how far the run equals the one beside it, token for token
    ["end", run, reason, tokens]                thinking ended: "natural", "budget" or "context"
    ["delimiter", run, text, label]             forced end-of-thinking delimiter; `label` is the part to show, may be ""
    ["status", run, text]                       the state of the run in words
    ["so-far", run, number, answer, verdict]    what it would have answered at one of its Waits
    ["loop", run, token, period]                it repeats itself from that token on, the same `period` tokens again and again
    ["answer", run, answer, verdict, details]   the run is complete; verdict "right", "wrong", "unclear" or ""
    ["verdict", run, verdict]                   a verdict on its answer that took longer
    ["truth", text]                             the true answer the verdicts go by
    ["sentence", text]                          the comparison in words
    ["rate", tokens per second]                 for the model chip
    ["saved", engine tokens, independent tokens]  what the comparison cost, and what runs that share nothing would
    ["stopped", text]                           every unfinished run was stopped; why, in words
    ["problem", text]                           one sentence beside the question box
    ["done"]                                    nothing more will come

Other tabs add operations of their own: `timeline/view.py` and `race/view.py` list theirs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from s1demo.decoding.answers_at_waits import AnswerSoFar, Cost
from s1demo.delimiters import FINAL_ANSWER
from s1demo.events import (
    EndOfThinking,
    EndSuppressed,
    Event,
    Finished,
    FinishReason,
    Origin,
    Phase,
    RunStarted,
    ThinkingEnded,
    Tokens,
)
from s1demo.grading import Kind, Outcome, decide, extract_answer
from s1demo.ui.stream.loops import LoopWatch
from s1demo.ui.stream.verdicts import FormulaVerdict, Truth
from s1demo.ui.stream.words import SoFar, seconds_text, sentence, status

Op = list[Any]
_REPLACED = ("count", "status", "shared", "delimiter", "sentence", "spent", "result", "tally")
_JOINED = ("text", "forced")
_WHOLE_PAGE = ("sentence", "truth", "saved", "rate", "stopped", "problem", "done", "fair", "vote", "tally")
_WRITING = ("text", "forced", "wait", "end", "delimiter")
VERDICTS = {Outcome.CORRECT: "right", Outcome.INCORRECT: "wrong", Outcome.UNSCORABLE: "unclear"}


@dataclass
class RunView:
    """What has been shown of one run.

    Attributes:
        name: the run's name in the comparison.
        ids: thinking token ids, forced ones included.
        token_ends: thinking tokens shown after each chunk of text.
        text_ends: thinking characters shown after each chunk of text.
        chunks: the chunks of thinking text.
        waits: ends of thinking suppressed so far.
        so_far: by number of the Wait, what it would have answered there.
        reason: why thinking ended, None while it has not.
        answer_text: the answer so far.
        answer: the extracted answer of a finished run.
        verdict: "right", "wrong", "unclear" or "".
        sampled_tokens: tokens the model wrote, thinking and answer.
        finished: the answer is complete.
        watch: searches `ids` for a loop.
    """

    name: str
    ids: list[int] = field(default_factory=list)
    token_ends: list[int] = field(default_factory=lambda: [0])
    text_ends: list[int] = field(default_factory=lambda: [0])
    chunks: list[str] = field(default_factory=list)
    waits: int = 0
    so_far: dict[int, SoFar] = field(default_factory=dict)
    reason: EndOfThinking | None = None
    delimiter: str = ""
    answer_text: str = ""
    answer: str | None = None
    verdict: str = ""
    sampled_tokens: int = 0
    finished: bool = False
    watch: LoopWatch = field(default_factory=LoopWatch)

    def append(self, token_ids: Sequence[int], text: str) -> None:
        """Note a chunk of thinking."""
        self.ids.extend(token_ids)
        self.chunks.append(text)
        self.token_ends.append(len(self.ids))
        self.text_ends.append(self.text_ends[-1] + len(text))

    def characters_of(self, n_tokens: int) -> tuple[int, int]:
        """Where the first `n_tokens` end in the text: at least and at most (equal at a chunk's end)."""
        low = bisect_right(self.token_ends, n_tokens) - 1
        high = bisect_left(self.token_ends, n_tokens)
        return self.text_ends[low], self.text_ends[high]

    def text_between(self, start: int, stop: int) -> str:
        """Thinking text from character `start` to `stop`."""
        first = max(0, bisect_right(self.text_ends, start) - 1)
        last = bisect_left(self.text_ends, stop)
        offset = self.text_ends[first]
        return "".join(self.chunks[first:last])[start - offset : stop - offset]


class ComparisonView:
    """Folds the events of several runs into view operations.

    Args:
        names: the runs, left to right.
        truth: the true answer where it is known; without it there are no verdicts. Formulas get theirs from a `FormulaVerdict`,
            which takes longer.
    """

    def __init__(self, names: Sequence[str], truth: Truth | None = None) -> None:
        self.truth = truth
        self._kind = truth.kind if truth else Kind.TEXT
        self.runs = {name: RunView(name) for name in names}
        self._neighbours = _neighbours(list(names))
        self._shared = {name: 0 for name in names}

    def feed(self, name: str, event: Event | AnswerSoFar | FormulaVerdict | Cost, seconds: float) -> list[Op]:
        """The operations of one event of the run `name`, `seconds` after the start."""
        run = self.runs[name]
        match event:
            case RunStarted():
                ops: list[Op] = [["start", name, event.thinking_budget], ["status", name, "thinking"]]
                ops += [["truth", self.truth.answer]] if self.truth else []
            case Tokens():
                ops = self._tokens(run, event)
            case EndSuppressed():
                run.waits = event.wait_number
                ops = [["wait", name, event.wait_number, event.thinking_tokens], ["status", name, status(run)]]
            case ThinkingEnded():
                run.reason = event.reason
                ops = [["end", name, event.reason.value, event.thinking_tokens], ["status", name, status(run)]]
                ops += _loop_found(run, now=True)
            case Finished():
                ops = self._finish(run, event, seconds)
            case AnswerSoFar():
                answer = extract_answer(event.answer_text, self._kind)
                shown = answer if answer is not None else event.answer_text.strip()
                run.so_far[event.wait_number] = SoFar(event.thinking_tokens, shown, self._verdict(answer))
                ops = self._answered(run, event.wait_number)
            case FormulaVerdict():
                verdict = VERDICTS.get(event.outcome, "")
                if event.wait_number is None:
                    run.verdict = verdict
                    ops = [["verdict", name, verdict], *self._in_words()]
                else:
                    run.so_far[event.wait_number] = replace(run.so_far[event.wait_number], verdict=verdict)
                    ops = self._answered(run, event.wait_number)
            case Cost():
                ops = [["saved", event.engine_tokens, event.independent_tokens]]
        return ops

    def _verdict(self, answer: str | None) -> str:
        outcome = decide(answer, self.truth.answer, self.truth.kind) if self.truth else None
        return "" if outcome is None else VERDICTS.get(outcome, "")

    def _answered(self, run: RunView, wait_number: int) -> list[Op]:
        so_far = run.so_far[wait_number]
        return [["so-far", run.name, wait_number, so_far.answer, so_far.verdict], *self._in_words()]

    def _in_words(self) -> list[Op]:
        """The sentence anew, once there is one."""
        finished = any(run.finished for run in self.runs.values())
        return [["sentence", sentence(self.runs.values(), self.trunk())]] if finished else []

    def _tokens(self, run: RunView, event: Tokens) -> list[Op]:
        if event.origin is Origin.SAMPLED:
            run.sampled_tokens += len(event.token_ids)
        if event.phase is Phase.DELIMITER:
            run.delimiter += event.text
            label = FINAL_ANSWER if FINAL_ANSWER in run.delimiter else ""
            return [["delimiter", run.name, run.delimiter.strip(), label]]
        if event.phase is Phase.ANSWER:
            run.answer_text += event.text
            return [["text", run.name, "answer", event.text]]
        run.append(event.token_ids, event.text)
        text: Op = ["text", run.name, "thinking", event.text]
        if event.origin is Origin.FORCED:
            text = ["forced", run.name, event.text]
        return [text, ["count", run.name, len(run.ids)], *self._compare(run.name), *_loop_found(run)]

    def _compare(self, changed: str) -> list[Op]:
        """Move the ends of shared text, for every pair the changed run is part of."""
        ops: list[Op] = []
        for name, other in self._neighbours.items():
            if changed not in (name, other):
                continue
            run, beside = self.runs[name], self.runs[other]
            before = self._shared[name]
            self._shared[name] = common_prefix(run.ids, beside.ids, before)
            if self._shared[name] > before:
                ops.append(["shared", name, self._shared[name], shared_characters(run, beside, self._shared[name])])
        return ops

    def _finish(self, run: RunView, event: Finished, seconds: float) -> list[Op]:
        run.finished = True
        run.answer = extract_answer(run.answer_text, self._kind)
        run.verdict = self._verdict(run.answer)
        rate = run.sampled_tokens / seconds if seconds > 0 else 0.0
        details = [
            f"{event.thinking_tokens} thinking · {event.answer_tokens} answer tokens",
            f"{seconds_text(seconds)} · {rate:,.0f} tok/s",
        ]
        if event.finish_reason is FinishReason.LENGTH:
            details.append("answer cut at its limit")
        shown = run.answer if run.answer is not None else run.answer_text.strip()
        ops: list[Op] = [["answer", run.name, shown, run.verdict, details], *self._in_words()]
        if all(other.finished for other in self.runs.values()):
            ops.append(["rate", round(max(rate, 0.0))])
        return ops

    def trunk(self) -> int:
        """How many thinking tokens all runs share."""
        return min(self._shared.values(), default=0)


class OpLog:
    """Operations kept short: text joined, and only the last count, status and shared end of each run.

    Attributes:
        ops: the operations; carrying them out gives the same page as carrying out all that were added.
    """

    def __init__(self, ops: Iterable[Op] = ()) -> None:
        self.ops: list[Op] = []
        self._latest: dict[tuple[str, str], int] = {}
        self._writing: dict[str, int] = {}  # run -> the last operation that wrote into its text
        self.extend(ops)

    def extend(self, ops: Iterable[Op]) -> None:
        """Add operations in order."""
        for op in ops:
            kind, run = op[0], "" if op[0] in _WHOLE_PAGE else op[1]
            at = self._latest.get((kind, run)) if kind in _REPLACED else self._writing.get(run)
            if at is not None and kind in _REPLACED:
                self.ops[at] = op
            elif at is not None and kind in _JOINED and self.ops[at][:-1] == op[:-1]:
                self.ops[at] = [*op[:-1], self.ops[at][-1] + op[-1]]
            else:
                self._latest[kind, run] = len(self.ops)
                if kind in _WRITING:
                    self._writing[run] = len(self.ops)
                self.ops.append(op)


def coalesce(ops: Iterable[Op]) -> list[Op]:
    """The same page with fewer operations."""
    return OpLog(ops).ops


def common_prefix(left: Sequence[object], right: Sequence[object], known: int = 0) -> int:
    """How many leading items are equal, given that `known` are."""
    n = known
    end = min(len(left), len(right))
    while n < end and left[n] == right[n]:
        n += 1
    return n


def shared_characters(run: RunView, beside: RunView, n_tokens: int) -> int:
    """How much of a run's text its first `n_tokens`, shared with the run beside it, make up.

    Where they end inside a chunk of several tokens, the text itself decides, as far as both runs show the same.
    """
    low, high = run.characters_of(n_tokens)
    if low == high:
        return low
    mine, theirs = run.text_between(low, high), beside.text_between(low, high)
    return low + common_prefix(mine, theirs)


def _loop_found(run: RunView, now: bool = False) -> list[Op]:
    loop = run.watch.search(run.ids, now=now)
    return [["loop", run.name, loop.start + 1, loop.period]] if loop else []


def _neighbours(names: list[str]) -> dict[str, str]:
    """Each run and the one it is compared with: the one to its left, the first with the one to its right."""
    if len(names) < 2:
        return {}
    return {name: names[i - 1] if i else names[1] for i, name in enumerate(names)}
