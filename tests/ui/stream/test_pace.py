"""Reading speed, with a clock made of numbers."""

from __future__ import annotations

import pytest

from s1demo.events import Origin, Phase, RunStarted, Tokens
from s1demo.ui.stream.pace import MAX_LAG_SECONDS, Pacer, Timed

TOKEN = Tokens((1,), Phase.THINKING, Origin.SAMPLED, "x")


def burst(pacer: Pacer, run: str, tokens: int) -> None:
    pacer.add(Timed(0.0, run, RunStarted((), 9)))
    for _ in range(tokens):
        pacer.add(Timed(0.0, run, TOKEN))


def play(pacer: Pacer, tick: float = 0.1) -> list[int]:
    """How many events were shown at each tick until nothing is held back."""
    shown, now = [], 0.0
    while pacer.waiting:
        shown.append(len(pacer.due(now)))
        now += tick
    return shown


def test_full_speed_holds_nothing_back():
    pacer = Pacer(None)
    burst(pacer, "a", 100)
    assert play(pacer) == [101]


def test_reading_speed_shows_a_burst_bit_by_bit():
    pacer = Pacer(40)
    burst(pacer, "a", 60)
    shown = play(pacer)
    assert shown[0] == 2, "the first token comes at once"
    assert max(shown) <= 5 and sum(shown) == 61
    assert len(shown) == pytest.approx(1 + 60 / 4, abs=2)


def test_runs_advance_together():
    pacer = Pacer(40)
    burst(pacer, "a", 40)
    burst(pacer, "b", 40)
    counts = {"a": 0, "b": 0}
    for tick in range(8):
        for timed in pacer.due(tick / 10):
            counts[timed.run] += 1
        assert counts["a"] == counts["b"]


def test_a_long_burst_is_shown_within_a_bounded_time():
    pacer = Pacer(40)
    burst(pacer, "a", 30_000)
    assert len(play(pacer)) * 0.1 < 8 * MAX_LAG_SECONDS


def test_a_slow_engine_is_not_slowed_down_further():
    pacer = Pacer(40)
    pacer.add(Timed(0.0, "a", RunStarted((), 9)))
    pacer.due(0.0)
    for second in range(1, 20):
        pacer.add(Timed(float(second), "a", TOKEN))
        assert len(pacer.due(float(second))) == 1


def test_waiting_saves_up_nothing():
    pacer = Pacer(40)
    burst(pacer, "a", 1)
    pacer.due(0.0)
    pacer.due(100.0)
    burst(pacer, "a", 100)
    assert len(pacer.due(100.1)) < 10


def test_order_within_a_run_is_kept():
    pacer = Pacer(40)
    for i in range(50):
        pacer.add(Timed(float(i), "a", TOKEN))
    seen: list[float] = []
    for tick in range(100):
        seen += [timed.seconds for timed in pacer.due(tick / 10)]
    assert seen == sorted(seen) and len(seen) == 50
