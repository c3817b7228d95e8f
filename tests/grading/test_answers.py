"""Answers along a trace fold into stretches of one answer each."""

from __future__ import annotations

from s1demo.grading.answers import Verdict, segments, spoken


def test_segments_cover_the_trace_and_tell_answers_apart():
    found = segments([(0, None), (8, "7"), (16, "7.0"), (24, "9"), (40, "4"), (60, "7")], "4", 80)
    assert [(s.start, s.end) for s in found] == [(0, 8), (8, 24), (24, 40), (40, 60), (60, 80)]
    assert [s.verdict for s in found] == [Verdict.NONE, Verdict.WRONG, Verdict.WRONG, Verdict.RIGHT, Verdict.WRONG]
    assert segments([], "4") == []


def test_an_unknown_truth_is_not_called_wrong():
    assert {s.verdict for s in segments([(0, "7"), (8, "9")])} == {Verdict.UNKNOWN}
    assert segments([(0, "\\frac{1}{2}")], "0.5")[0].verdict is Verdict.UNKNOWN, "what grading cannot judge"


def test_answers_are_told_in_words():
    assert spoken("7", Verdict.WRONG) == "7 (wrong)" and spoken(None, Verdict.NONE) == "no answer"
    assert spoken("x" * 99, Verdict.RIGHT) == "x" * 29 + "… (right)"
