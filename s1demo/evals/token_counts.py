"""How long a model thinks and answers over the runs of one setting, counted from ids: the reference's statistics beside accuracy.

The reference (simplescaling/s1, eval/compute_sample_stats.py) tokenises the text again, with Qwen2.5-32B's tokenizer:

| figure            | reference                                            | here                                               |
|-------------------|------------------------------------------------------|----------------------------------------------------|
| thinking tokens   | the text before the answer delimiter without its     | the ids of the thinking, the model's own newlines  |
|                   | first and last line; after a cut, a last line that   | and forced extensions included, delimiters not     |
|                   | no newline ends is lost                              |                                                    |
| steps             | newlines before the answer delimiter, less one       | ids that end a line, less one (an id of two        |
|                   |                                                      | newlines ends one line)                            |
| tokens per step   | the mean over lines, each tokenised alone            | thinking tokens by steps                           |
| answer tokens     | the text behind the delimiter without its first line | the ids of the answer, its end of turn not         |
| total tokens      | all text, delimiters included                        | thinking and answer                                |
| over the budget   | runs beyond the limit named by the folder            | runs the budget or the context ended (none is over)|
| without an answer | neither "Answer:" nor a box in all of the text       | the same in the answer; words forced by a budget   |
|                   |                                                      | are such a mark too                                |

Pure: knows records and numbers. Knows no engine, no tokenizer and no file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s1demo.evals.setting import Setting, run_of
from s1demo.events import EndOfThinking
from s1demo.grading import Outcome

_MARK = re.compile(r"answer\s*:|\\boxed", re.IGNORECASE)


@dataclass(frozen=True)
class SampleStatistics:
    """The statistics of one setting; means are per run, counts are of runs.

    Attributes:
        n: runs.
        thinking_tokens, answer_tokens, total_tokens: means.
        least_thinking_tokens, most_thinking_tokens: of any run.
        thinking_tokens_right, thinking_tokens_not_right: means over the runs graded correct, and over all others; None of none.
        steps: mean lines of thinking.
        tokens_per_step: thinking tokens of all runs by their steps; None without a step.
        limited_percent: share of runs whose thinking the budget or the context ended.
        no_answer: runs with nothing that could be an answer.
        without_mark: runs whose answer is marked neither by "Answer:" nor by a box; the last line is taken then.
        lengths: (thinking tokens, outcome) of every run, shortest first.
    """

    n: int
    thinking_tokens: float
    answer_tokens: float
    total_tokens: float
    least_thinking_tokens: int
    most_thinking_tokens: int
    thinking_tokens_right: float | None
    thinking_tokens_not_right: float | None
    steps: float
    tokens_per_step: float | None
    limited_percent: float
    no_answer: int
    without_mark: int
    lengths: tuple[tuple[int, Outcome], ...]


def sample_statistics(records: Iterable[Mapping[str, Any]], setting: Setting, line_end_ids: Collection[int]) -> SampleStatistics:
    """The statistics of one setting in a sweep's journal.

    Args:
        records: at least one finished question, as `sweep.finished_questions` gives them.
        line_end_ids: the ids whose text ends in a newline (`EngineTokenizer.line_end_ids`).
    """
    thinking, answers, steps, outcomes, limited, unmarked = [], [], [], [], 0, 0
    for record in records:
        run = run_of(record, setting)
        ids = run.get("thinking_ids", record["thinking_ids"][: run["thinking_tokens"]])
        thinking.append(len(ids))
        answers.append(len(run["answer_ids"]))
        steps.append(max(0, sum(token_id in line_end_ids for token_id in ids) - 1))
        outcomes.append(Outcome(run["outcome"]))
        cut = run["end_of_thinking"] != EndOfThinking.NATURAL
        limited += cut
        unmarked += not (cut or _MARK.search(run["answer_text"]))  # after a cut the forced words mark the answer
    n, runs = len(thinking), list(zip(thinking, outcomes, strict=True))
    return SampleStatistics(
        n=n,
        thinking_tokens=_mean(thinking) or 0.0,
        answer_tokens=_mean(answers) or 0.0,
        total_tokens=_mean([a + b for a, b in zip(thinking, answers, strict=True)]) or 0.0,
        least_thinking_tokens=min(thinking),
        most_thinking_tokens=max(thinking),
        thinking_tokens_right=_mean([tokens for tokens, outcome in runs if outcome is Outcome.CORRECT]),
        thinking_tokens_not_right=_mean([tokens for tokens, outcome in runs if outcome is not Outcome.CORRECT]),
        steps=_mean(steps) or 0.0,
        tokens_per_step=round(sum(thinking) / sum(steps), 2) if sum(steps) else None,
        limited_percent=round(100 * limited / n, 2),
        no_answer=outcomes.count(Outcome.NO_ANSWER),
        without_mark=unmarked,
        lengths=tuple(sorted(runs)),
    )


def _mean(values: Sequence[int]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None
