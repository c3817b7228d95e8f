"""One answer from several finished samples of a question: the vote of all, the first to finish, what tokens pay for.

Tokens spent are tokens the model wrote, thinking and answer, in all samples a method started, whether it used them or not. The
prompt, which the samples share, and forced tokens are not counted. So parallel and sequential scaling can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1demo.evals.metrics import majority
from s1demo.grading import Outcome, grade
from s1demo.traces import Trace


@dataclass(frozen=True)
class Choice:
    """The answer a method settled on, and what it cost.

    Attributes:
        answer: as extracted from its trace; None where no sample has one, or none was accepted.
        trace: the sample it comes from; of a vote, the first with this answer.
        votes: samples that agree with it.
        n_samples: samples started.
        spent_tokens: tokens the model wrote in all of them.
    """

    answer: str | None
    trace: Trace | None
    votes: int
    n_samples: int
    spent_tokens: int


def vote(traces: Sequence[Trace]) -> Choice:
    """Majority voting: the answer most samples agree on; a tie goes to the answer sampled first (harness: maj@n).

    Args:
        traces: samples in the order of their numbers; unfinished ones and those without an answer have no vote, but their cost.
    """
    answer = majority([_answer(trace) for trace in traces])
    agreeing = [trace for trace in traces if answer is not None and grade(_answer(trace), answer) is Outcome.CORRECT]
    return _choice(agreeing[0] if agreeing else None, len(agreeing), traces)


def first_finished(traces: Sequence[Trace]) -> Choice:
    """The sample that finishes first when all write at the same pace: the shortest, of equals the first.

    Args:
        traces: finished samples, in the order of their numbers.
    """
    finished = [trace for trace in traces if trace.finish_reason is not None]
    winner = min(finished, key=lambda trace: trace.sampled_tokens, default=None)
    choice = _choice(winner, 1 if winner else 0, traces)
    if winner is None:
        return choice
    return replace(choice, spent_tokens=sum(min(trace.sampled_tokens, winner.sampled_tokens) for trace in traces))


def affordable(traces: Sequence[Trace], tokens: int) -> Sequence[Trace]:
    """The first samples that a number of tokens pays for: a vote over them is the parallel rival of a sequential run that long.

    Args:
        tokens: what may be spent, such as `sampled_tokens` of a budget-forced run.
    """
    spent = 0
    for n, trace in enumerate(traces):
        spent += trace.sampled_tokens
        if spent > tokens:
            return traces[:n]
    return traces


def _answer(trace: Trace) -> str | None:
    return trace.answer if trace.finish_reason is not None else None


def _choice(trace: Trace | None, votes: int, traces: Sequence[Trace]) -> Choice:
    return Choice(_answer(trace) if trace else None, trace, votes, len(traces), sum(trace.sampled_tokens for trace in traces))
