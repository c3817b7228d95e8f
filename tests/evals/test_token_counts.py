"""Token statistics of a made journal whose counts are known."""

from __future__ import annotations

import json

import pytest

from s1demo.errors import InputError
from s1demo.evals.setting import LEFT_ALONE, Setting
from s1demo.evals.sweep import finished_questions
from s1demo.evals.token_counts import sample_statistics
from s1demo.grading import Outcome

NEWLINE = 7  # the only id whose text ends in a newline


def run(thinking, answer, ended, text, outcome, **more):
    return {"thinking_tokens": thinking, "answer_ids": answer, "end_of_thinking": ended, "answer_text": text, "outcome": outcome, **more}


RECORDS = [
    {
        "index": 0,
        "thinking_ids": [NEWLINE, 1, 2, NEWLINE, 3, NEWLINE],  # two lines
        "runs": {
            "natural": run(6, [9, 9], "natural", "\nAnswer: 5", "correct"),
            "budget 3": run(3, [9], "budget", " 6", "incorrect"),
        },
    },
    {
        "index": 1,
        "thinking_ids": [NEWLINE, 1, 1, 1, 1, 1, 1, 1, 1, 1],  # no line ends, as at the end of the context
        "runs": {
            "natural": run(10, [9, 9, 9], "context", "", "no answer"),
            "budget 3": run(3, [9], "budget", "6", "correct", thinking_ids=[NEWLINE, 5, NEWLINE]),  # not along the trunk
        },
    },
    {
        "index": 2,
        "thinking_ids": [NEWLINE, 4, NEWLINE, 4, NEWLINE],
        "runs": {
            "natural": run(2, [9], "natural", "\nforty-two", "incorrect"),
            "budget 3": run(2, [9], "natural", "so it is \\boxed{4}", "correct"),
        },
    },
]


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "run.traces.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in [{"sweep": {"seed": 0}}, *RECORDS]) + "\n")
    return path


def of(journal, setting):
    return sample_statistics(finished_questions(journal), setting, frozenset({NEWLINE}))


def test_natural_runs(journal):
    found = of(journal, LEFT_ALONE)
    assert found.n == 3
    assert (found.thinking_tokens, found.answer_tokens, found.total_tokens) == (6.0, 2.0, 8.0)
    assert (found.least_thinking_tokens, found.most_thinking_tokens) == (2, 10)
    assert (found.thinking_tokens_right, found.thinking_tokens_not_right) == (6.0, 6.0)
    assert found.steps == round(2 / 3, 2), "the opening newline is no step, and neither is a line that the context cut off"
    assert found.tokens_per_step == 18 / 2
    assert found.limited_percent == 33.33
    assert found.no_answer == 1
    assert found.without_mark == 1, "the natural answer without label or box; after a cut the forced words are a label"
    assert found.lengths == ((2, Outcome.INCORRECT), (6, Outcome.CORRECT), (10, Outcome.NO_ANSWER))


def test_a_run_that_left_the_trunk_is_counted_by_its_own_ids(journal):
    found = of(journal, Setting(3))
    assert found.thinking_tokens == round(8 / 3, 2)
    assert found.steps == round(1 / 3, 2), "only the run of its own ids has a whole line"
    assert (found.thinking_tokens_right, found.thinking_tokens_not_right) == (2.5, 3.0)
    assert (found.without_mark, found.limited_percent) == (0, 66.67)


def test_nothing_right_and_no_step_are_no_means(journal):
    wrong = sample_statistics([next(finished_questions(journal))], Setting(3), frozenset())
    assert (wrong.thinking_tokens_right, wrong.tokens_per_step) == (None, None)


@pytest.mark.parametrize("text", [None, '{"sweep": {}}\nnot json\n', '{"sweep": {}}\n{"other": 1}\n'])
def test_what_is_no_journal_is_refused(tmp_path, text):
    path = tmp_path / "x.traces.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=r"x\.traces\.jsonl"):
        list(finished_questions(path))
