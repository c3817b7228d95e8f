"""Loops by tables."""

from __future__ import annotations

import random

import pytest

from s1demo.ui.stream.loops import Loop, LoopWatch, find_loop


def letters(text: str) -> list[str]:
    return list(text)


@pytest.mark.parametrize(
    ("items", "loop"),
    [
        ([], None),
        ([1] * 23, None),
        ([1] * 24, Loop(1, 1)),
        ([*range(50)], None),
        ([1, 1, 1] * 8, Loop(1, 1)),
        ([*range(40), *([7, 8, 9] * 8)], Loop(43, 3)),
        ([*range(40), *([7, 8, 9] * 8), 7], Loop(43, 3)),  # in the middle of a further copy
        ([*range(40), *([7, 8, 9] * 8), 5], None),  # it has left the loop
        ([*range(30), *range(30)], None),  # said twice is no loop
        ([*range(30), *range(30), *range(30)], Loop(30, 30)),
        ([9, *range(30), 9, *range(30), 9, *range(30)], Loop(31, 31)),  # what is forced between the copies is part of them
        (letters("so it is 3.\n" * 5), Loop(12, 12)),
        (letters("1 a\n2 a\n3 a\n4 a\n5 a\n6 a\n7 a\n8 a\n"), None),  # counting is going on
    ],
)
def test_loops(items, loop):
    assert find_loop(items) == loop


@pytest.mark.parametrize("seed", range(30))
def test_a_loop_is_what_brute_force_finds(seed):
    rng = random.Random(seed)
    items = rng.choices("ab", k=rng.randint(0, 12)) + rng.choices("abc", k=rng.randint(1, 6)) * rng.randint(1, 5)

    def brute(copies: int, shortest: int) -> Loop | None:
        for period in range(1, len(items) // copies + 1):
            start = len(items)
            while start > period and items[start - 1] == items[start - 1 - period]:
                start -= 1
            if len(items) - start + period >= max(copies * period, shortest):
                return Loop(start, period)
        return None

    assert find_loop(items, 3, 6) == brute(3, 6)


def test_a_loop_longer_than_the_window_begins_where_it_does():
    items = [*range(100, 150), *([1, 2, 3, 4] * 500)]
    assert find_loop(items, window=60) == Loop(54, 4)
    assert find_loop([*range(40)] * 9, window=60) is None, "of a longer stretch there is not enough in the window"


def test_a_watch_tells_a_loop_once_and_keeps_it():
    watch, items, told = LoopWatch(), [], []
    for i in range(400):
        items.append(i if i < 60 else i % 5 if i < 300 else 1000 + i)
        told += [loop] if (loop := watch.search(items)) else []
    assert told == [Loop(65, 5)] and watch.loop == told[0]
    assert LoopWatch().search([1] * 24, now=True) == Loop(1, 1)


def test_watching_a_long_trace_looks_ever_less_often():
    class Counted(list):
        looks = 0

        def __getitem__(self, key):
            Counted.looks += isinstance(key, slice)
            return super().__getitem__(key)

    watch, items = LoopWatch(), Counted()
    rng = random.Random(1)
    for _ in range(32_768):
        items.append(rng.random())
        watch.search(items)
    assert 100 < Counted.looks < 300
