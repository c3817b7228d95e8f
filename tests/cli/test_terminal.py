"""What a person reads on a terminal: marks for what was forced, and no way for a model to steer it."""

from __future__ import annotations

import io

from s1demo.budget import BudgetPolicy
from s1demo.cli.terminal import TerminalWriter, one_line, printable
from s1demo.events import (
    EndOfThinking,
    EndSuppressed,
    EngineInfo,
    Finished,
    FinishReason,
    Origin,
    Phase,
    RunStarted,
    ThinkingEnded,
    Tokens,
)
from s1demo.traces import TraceBuilder

INFO = EngineInfo("m", "e", "d", 1, 100, "s1")
RUN = [
    RunStarted((1,), 50),
    Tokens((2,), Phase.THINKING, Origin.SAMPLED, "hm \x1b[31m"),
    EndSuppressed(1, 1, 9),
    Tokens((3,), Phase.THINKING, Origin.FORCED, "Wait"),
    Tokens((4,), Phase.THINKING, Origin.SAMPLED, ", 3"),
    ThinkingEnded(EndOfThinking.BUDGET, 3),
    Tokens((5, 6), Phase.DELIMITER, Origin.FORCED, "\nend\nFinal Answer:"),
    Tokens((7,), Phase.ANSWER, Origin.SAMPLED, " 3"),
    Finished(FinishReason.STOP, 3, 1),
]


def written(names, coloured, order):
    out = io.StringIO()
    writer = TerminalWriter(names, out, titles=len(names) > 1, coloured=coloured)
    builders = {name: TraceBuilder("q", INFO, BudgetPolicy()) for name in names}
    for name in order:
        for event in RUN:
            builders[name].add(event)
            writer.write(name, event, builders[name].trace())
    return out.getvalue()


def test_forced_text_is_marked_without_colour_too():
    text = written(["run"], False, ["run"])
    assert "[Wait], 3\n" in text and "[Final Answer:] 3" in text
    assert "cut by the budget after 3 thinking tokens" in text
    assert "answer: 3 | 3 thinking tokens" in text
    assert "\x1b" not in text


def test_colours_are_ours_alone():
    text = written(["run"], True, ["run"])
    assert "\x1b[33;1m[Wait]\x1b[0m" in text
    assert "\x1b[31m" not in text  # the model's own escape sequence


def test_later_runs_wait_for_their_turn():
    text = written(["first", "second"], False, ["second", "first"])
    assert text.index("first") < text.index("second")
    assert text.count("[Wait]") == 2


def test_control_characters_are_replaced():
    assert printable("a\x1b[31m\x07\x00b\n\t\u202eé🍓") == "a\ufffd[31m\ufffd\ufffdb\n\t\ufffdé🍓"
    assert one_line("a\nb\x1b c\n") == "a b\ufffd c"
