"""What developers measure and draw of the page: the first load, the pictures' tabs, the engine behind the figures. No browser."""

from __future__ import annotations

import asyncio
import sys

import pytest

from s1demo import __main__ as command_line
from s1demo.bench import chromium, screenshots
from s1demo.bench.page import TARGETS, first_load, report
from s1demo.bench.page_server import PacedEngine, WritingPace
from s1demo.budget import BudgetPolicy
from s1demo.decoding.runs import run
from s1demo.errors import InputError
from s1demo.events import Finished, ThinkingEnded
from s1demo.ui.app import TABS
from s1demo.ui.page.bundle import LANDING, head, reached, stylesheet
from s1demo.ui.page.static import UI
from tests.ui.fake_engine import ScriptedEngine


def test_the_first_load_is_measured_and_small(serve):
    figures = first_load(serve(ScriptedEngine()))
    assert figures["first_load_scripts_bytes"] == len(head().encode()) + sum((UI / f"{name}.js").stat().st_size for name in reached(LANDING))
    assert figures["first_load_styles_bytes"] == len(stylesheet().encode())
    parts = figures["first_load_scripts_bytes"] + figures["first_load_styles_bytes"]
    assert parts < figures["first_load_own_bytes"] <= TARGETS["first_load_own_bytes"][1]
    assert "(target: at most 500,000 B)" in report(figures)


def test_every_tab_has_its_pictures():
    assert list(screenshots.SCENES) == list(TABS)
    for tab in TABS:
        sizes = [(width, scheme) for width, scheme, name in screenshots.names_of(tab) if name == f"{tab}-{width}-{scheme}.png"]
        assert {(1440, "light"), (1440, "dark"), (390, "light")} <= set(sizes)


def test_only_some_tabs():
    assert screenshots.tabs_of("race, compare") == ["race", "compare"]
    with pytest.raises(InputError, match=r"no tab 'home'.*compare, timeline"):
        screenshots.tabs_of("compare,home")


@pytest.mark.parametrize("missing, sentence", [("playwright", "requirements-dev.txt"), ("chromium", "apt-get install chromium")])
def test_without_a_browser_the_bench_says_what_to_install(monkeypatch, capsys, missing, sentence):
    if missing == "playwright":
        monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    else:
        monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    assert command_line.main(["bench", "--ui"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.splitlines()) == 1 and sentence in told.err


def test_the_measured_engine_thinks_so_many_tokens_and_answers():
    engine = PacedEngine(WritingPace(thinking_tokens=100, tokens_per_second=1e6, chunk_tokens=16))

    async def events(policy):
        return [event async for event in run(engine, "How many?", policy)]

    natural, cut = asyncio.run(events(BudgetPolicy())), asyncio.run(events(BudgetPolicy(max_thinking_tokens=10)))
    ended = [event for run_events in (natural, cut) for event in run_events if isinstance(event, ThinkingEnded)]
    finished = [event for run_events in (natural, cut) for event in run_events if isinstance(event, Finished)]
    assert [event.thinking_tokens for event in finished] == [100, 10]
    assert [str(event.reason) for event in ended] == ["natural", "budget"]
    assert engine.active_requests == 0 and engine.first_token_at > 0
