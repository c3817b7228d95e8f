"""The real thing: app.py as a process on the embedded model, and its recorded traces played slowly enough to be stopped."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect

from s1demo.decoding.runs import compare
from s1demo.delimiters import EXTENSION, FINAL_ANSWER
from s1demo.engines.replay import replay
from s1demo.policies import comparison_policies
from s1demo.settings import EMBEDDED_MODEL
from s1demo.traces import TraceBuilder
from tests.ui.conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "How many r in strawberry?"
RUNS = ("truncated", "natural", "extended")
SLOW_SECONDS = 60


def start_app(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=1).status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def app_url():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start_app(S1_PORT=str(port))
    url = f"http://127.0.0.1:{port}/"
    wait_until(lambda: answers(url) or process.poll() is not None, "the app's start", 300)
    assert process.poll() is None, process.communicate()[1]
    yield url
    process.terminate()
    process.communicate(timeout=60)


def test_the_embedded_model_thinks_in_three_panes(open_page, app_url):
    page = open_page(app_url)
    assert page.input_value("#question textarea") == QUESTION
    page.fill("#thinking-budget input[type=number]", "8")
    page.fill("#num-waits input[type=number]", "2")
    page.click("#run")
    expect(page.locator("#trace-view .pane.finished")).to_have_count(3)
    tokens = {run: int(page.get_attribute(f'[data-run="{run}"]', "data-thinking-tokens")) for run in RUNS}
    assert tokens["truncated"] == 8 < tokens["natural"] < tokens["extended"]
    for run in RUNS:
        assert page.inner_text(f'[data-run="{run}"] .answer').strip()
        assert "tok/s" in page.inner_text(f'[data-run="{run}"] .details')
    assert page.inner_text('[data-run="truncated"] .status') == "cut by the budget"
    assert page.inner_text('[data-run="truncated"] .answer-line .forced') == FINAL_ANSWER
    assert page.inner_text('[data-run="truncated"] .count') == "8 of 8"
    assert page.inner_text('[data-run="natural"] .status') == "stopped by itself"
    forced = page.locator('[data-run="extended"] .thinking .forced').all_inner_texts()
    assert len(forced) == 2 and all(text.endswith(EXTENSION) for text in forced)
    assert "s1-mini" in page.inner_text("#model-chip")
    assert page.complaints == []


@pytest.fixture(scope="module")
def slow_replay(engine):
    """A comparison of the embedded model with many Waits, recorded now and played so slowly that it does not end by itself."""
    policies = comparison_policies(8, 8)
    builders = {name: TraceBuilder(QUESTION, engine.info, policy) for name, policy in policies.items()}

    async def record() -> None:
        async for name, event in compare(engine, QUESTION, policies):
            builders[name].add(event)

    with ThreadPoolExecutor(1) as other_thread:  # Playwright's event loop counts as running in this one
        other_thread.submit(asyncio.run, record()).result()
    traces = [builder.trace() for builder in builders.values()]
    return replay(traces, engine.tokenizer, speed=max(trace.seconds for trace in traces) / SLOW_SECONDS)


@pytest.fixture(scope="module")
def slow_url(serve, slow_replay):
    return serve(slow_replay)


def run_eight_waits(page, engine):
    page.fill("#thinking-budget input[type=number]", "8")
    page.fill("#num-waits input[type=number]", "8")
    page.click("#run")
    wait_until(lambda: engine.active_requests > 0, "the run's start")
    page.wait_for_function("document.querySelector('[data-run=extended]')?.dataset.thinkingTokens > 0")


def test_stop_ends_a_real_trace(open_page, slow_url, slow_replay):
    page = open_page(slow_url)
    run_eight_waits(page, slow_replay)
    page.click("#stop")
    wait_until(lambda: slow_replay.active_requests == 0, "the end of the engine's work")
    expect(page.locator("[data-run=extended] .status")).to_have_text("stopped")
    assert int(page.get_attribute('[data-run="extended"]', "data-thinking-tokens")) > 0


def test_closing_the_tab_ends_a_real_trace(open_page, slow_url, slow_replay):
    page = open_page(slow_url)
    run_eight_waits(page, slow_replay)
    page.close()
    wait_until(lambda: slow_replay.active_requests == 0, "the end of the engine's work")


@pytest.fixture
def corrupt_model(tmp_path):
    shutil.copytree(EMBEDDED_MODEL, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    return tmp_path / "model"


@pytest.mark.slow  # the command line says the same and is tested with it
def test_a_corrupt_model_is_one_line_and_exit_code_2(corrupt_model):
    _, errors = (process := start_app(S1_MODEL=str(corrupt_model))).communicate(timeout=300)
    assert process.returncode == 2
    assert "Traceback" not in errors and len(errors.strip().splitlines()) == 1, errors
    assert corrupt_model.name in errors


def test_a_process_that_the_engine_spawns_opens_no_second_engine():
    code = "import multiprocessing as m, runpy; runpy.run_path('app.py', run_name='__mp_main__'); import sys; print('torch' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={**os.environ, "S1_MODEL": "/nowhere"})
    assert (child.returncode, child.stdout.strip()) == (0, "False"), child.stderr


def test_a_port_in_use_is_one_line_and_exit_code_2():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = {**os.environ, "S1_ENGINE": "replay", "S1_HOST": "127.0.0.1", "S1_PORT": str(taken.getsockname()[1])}
        app = subprocess.run([sys.executable, "app.py"], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300)
    assert app.returncode == 2 and "S1_PORT" in app.stderr.splitlines()[-1] and "Traceback" not in app.stderr
