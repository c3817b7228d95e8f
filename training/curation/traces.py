"""Traces: a teacher thinks about every question, and its thinking and answer become the row's (paper section 2.1).

The paper's teacher was gemini-2.0-flash-thinking-exp, asked the bare question (data/gemini.py); s1K-1.1's was DeepSeek-R1. Any
model behind an OpenAI-compatible endpoint that shows its thinking will do. One that shows a summary of it only will not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from training.curation.records import Row
from training.remote import estimate as estimates
from training.remote.asking import ask_all, good_replies
from training.remote.endpoint_settings import EndpointSettings, endpoint_settings
from training.remote.estimate import Estimate, Task
from training.remote.replies import Reply, ReplyFault, thinking_and_answer

# Gemini's thinking: the mean over all 59,029 questions, from the per-source means of the paper's table of sources. On s1K's
# thousand it took 4.7K, DeepSeek-R1 9.3K (histograms of trace lengths, appendix A of v3): for r1 give mean_tokens_out.
PAPER_THINKING_TOKENS = 3_582
PAPER_ANSWER_TOKENS = 700  # s1-32B's on AIME24 take 659 to 724 (table 12); the paper does not give the teachers'
TASK = Task(
    name="traces",
    check=thinking_and_answer,
    mean_tokens_out=PAPER_THINKING_TOKENS + PAPER_ANSWER_TOKENS,
    basis="the paper's Gemini traces (table of sources) and answers as in its table 12",
)


@dataclass(frozen=True)
class TraceSettings:
    """The `traces` section of a recipe.

    Attributes:
        endpoint: the teacher.
    """

    endpoint: EndpointSettings

    def __post_init__(self) -> None:
        object.__setattr__(self, "endpoint", endpoint_settings(self.endpoint, "traces"))


def estimate(rows: Sequence[Row], settings: TraceSettings) -> Estimate:
    """What the traces of these rows would take, from scratch.

    Args:
        rows: what would be asked; rows with the same question are asked once.
        settings: the teacher's prices and rates.
    """
    return estimates.estimate(TASK, {row.id: row.question for row in rows}.values(), settings.endpoint)


def collect_traces(rows: Sequence[Row], path: Path, settings: TraceSettings) -> None:
    """Ask the teacher every question that the journal has no trace for yet; see `asking.ask_all`.

    Args:
        rows: what to ask.
        path: the journal of traces.
        settings: the teacher.

    Raises:
        InputError: another teacher's journal, no API key, or more expensive than allowed.
        EngineError: the endpoint fails for good, or too many questions have no trace.
    """
    ask_all(TASK, {row.id: row.question for row in rows}, path, settings.endpoint)


def with_traces(rows: Iterable[Row], path: Path, count_tokens: Callable[[str], int]) -> list[Row]:
    """Fill in trace, answer and length; rows without a usable reply stay as they are.

    Args:
        rows: any rows.
        path: what `collect_traces` wrote.
        count_tokens: of the model to be trained (featurization.py: the thinking's tokens alone).
    """
    rows, traces = list(rows), dict[str, tuple[str, str]]()
    asked = {row.id for row in rows}
    for row_id, reply in good_replies(path):
        if row_id in asked and (trace := _trace(reply)):
            traces[row_id] = trace
    return [_filled(row, *traces[row.id], count_tokens) if row.id in traces else row for row in rows]


def _trace(reply: Reply) -> tuple[str, str] | None:
    try:
        return thinking_and_answer(reply)
    except ReplyFault:  # usable by the rules of the time when it was written
        return None


def _filled(row: Row, thinking: str, answer: str, count_tokens: Callable[[str], int]) -> Row:
    return replace(row, thinking=thinking, trace_answer=answer, trace_outcome=None, thinking_tokens=count_tokens(thinking))
