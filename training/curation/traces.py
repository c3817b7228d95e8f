"""Traces: a teacher thinks about every question, and its thinking and answer become the row's (paper section 2.1).

The paper's teacher was gemini-2.0-flash-thinking-exp, asked the bare question (data/gemini.py); s1K-1.1's was DeepSeek-R1. Any
model behind an OpenAI-compatible endpoint that shows its thinking will do. One that shows a summary of it only will not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from training.curation.records import Row
from training.remote.asking import readings
from training.remote.estimate import Task
from training.remote.replies import thinking_and_answer

# Gemini's thinking: the mean over all 59,029 questions, from the per-source means of the paper's table of sources. On s1K's
# thousand it took 4.7K, DeepSeek-R1 9.3K (histograms of trace lengths, appendix A of v3): for r1 give mean_tokens_out.
PAPER_THINKING_TOKENS = 3_582
PAPER_ANSWER_TOKENS = 700  # s1-32B's on AIME24 take 659 to 724 (table 12); the paper does not give the teachers'
TASK = Task(
    name="traces",
    read=thinking_and_answer,
    mean_tokens_out=PAPER_THINKING_TOKENS + PAPER_ANSWER_TOKENS,
    basis="the paper's Gemini traces (table of sources) and answers as in its table 12",
)


def prompts(rows: Iterable[Row]) -> dict[str, str]:
    """What the teacher is asked, by row id: the bare questions, each once."""
    return {row.id: row.question for row in rows}


def with_traces(rows: Iterable[Row], path: Path, count_tokens: Callable[[str], int]) -> list[Row]:
    """Fill in trace, answer and length; rows without a usable reply stay as they are.

    Args:
        path: the journal of the teacher's replies.
        count_tokens: of the model to be trained (featurization.py: the thinking's tokens alone).
    """
    traces = readings(TASK, path)
    return [_filled(row, *traces[row.id], count_tokens) if row.id in traces else row for row in rows]


def _filled(row: Row, thinking: str, answer: str, count_tokens: Callable[[str], int]) -> Row:
    return replace(row, thinking=thinking, trace_answer=answer, trace_outcome=None, thinking_tokens=count_tokens(thinking))
