"""`python -m s1demo bench --ui`: bytes of the first load, a long trace in Chromium, the first token, a class.

Every figure is of the page, not of a model. The engine behind it writes known text at a known pace (`page_server.py`), in a
process of its own. The targets are printed beside the figures; on a busy machine read the ratios.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from s1demo.bench.chromium import open_chromium
from s1demo.bench.page_server import WritingPace, serve
from s1demo.ui.asking import LANDING_TAB, element_id
from s1demo.ui.controls import FULL
from s1demo.ui.page.bundle import LANDING, head, reached, stylesheet
from s1demo.ui.page.static import UI

LONG = WritingPace(thinking_tokens=32_768, tokens_per_second=1280, chunk_tokens=64, updates_per_second=20, sample_tokens=8192)
ORDINARY = WritingPace(thinking_tokens=1600, tokens_per_second=40)  # a class reads for 40 s
FIRST_TOKENS, CLASS, CLASS_SECONDS, CLASS_UPDATES = 7, 30, 20.0, 10.0
TARGETS: dict[str, tuple[str, float]] = {  # figure -> its unit in words, the most it should be
    "first_load_own_bytes": ("B", 500_000),
    "long_trace_second_over_first_half_bytes": ("", 1.15),
    "long_trace_long_task_percent": ("%", 10.0),
    "long_timeline_second_over_first_half_bytes": ("", 1.15),
    "long_timeline_long_task_percent": ("%", 10.0),
    "long_race_long_task_percent": ("%", 10.0),
    "first_token_milliseconds": ("ms", 300.0),
    "class_cpu_percent_outside_engine_at_10_updates": ("% of a core", 40.0),
}
_GRADIOS = ("/assets/", "/static/js/", "/theme.css", "/favicon.ico", "/gradio_api/")  # where Gradio's own files are
_COUNTED = r'count\\*",\\*"{}\\*",(\d+)'  # an operation of render.py within JSON within JSON
AskServer = Callable[[Any], Any]


@dataclass(frozen=True)
class LongRun:
    """A tab with as long a trace as the paper's model writes.

    Attributes:
        name: of its figures, before the underscore.
        kind: the tab.
        fields: what is set besides full speed, by the ids of the fields; those end with the names in links.
        shown: JavaScript for the number of tokens on the page in the end.
        counted: finds the tokens so far in a message; None where a message may bring any number of them, whatever the pace.
    """

    name: str
    kind: str
    fields: dict[str, int]
    shown: str
    counted: re.Pattern[str] | None

    @property
    def view(self) -> str:
        """The id of the component that shows it."""
        return "trace-view" if self.kind == LANDING_TAB else f"{self.kind}-view"

    @property
    def address(self) -> dict[str, Any]:
        """What the tab is opened with."""
        return {"tab": self.kind, "speed": FULL} | {name.rpartition("-")[2]: value for name, value in self.fields.items()}


_SUM = "[...document.querySelectorAll('{}')].map((node) => Number(node.dataset.{} ?? 0))"
LONG_RUNS = (  # in Compare the natural run and an extended one, which is never made to go on; in Race one trace and eight samples
    LongRun(
        "long_trace",
        LANDING_TAB,
        {"num-waits": 0},
        _SUM.format("#trace-view .pane", "thinkingTokens"),
        re.compile(_COUNTED.format("natural")),
    ),
    LongRun(
        "long_timeline",
        "timeline",
        {"tl-waits": 0},
        _SUM.format(".tl-trace", "thinkingTokens"),
        re.compile(_COUNTED.format("trace")),
    ),
    LongRun("long_race", "race", {"race-waits": 0, "race-samples": 8}, _SUM.format(".lane", "tokens"), None),
)

_WATCH = """
window.s1Bench = { long: 0, longest: 0, first: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    s1Bench.long += duration;
    s1Bench.longest = Math.max(s1Bench.longest, duration);
  }
}).observe({ entryTypes: ["longtask"] });"""
_AWAIT_FIRST_TEXT = """() => {
  s1Bench.first = 0;
  const look = () => {
    const shown = [...document.querySelectorAll("#trace-view .thinking")].some((node) => node.textContent.trim());
    if (shown) s1Bench.first = Date.now(); // called before a frame is painted: what it sees is on the screen next
    else requestAnimationFrame(look);
  };
  const begin = () => (document.querySelector("#trace-view .thinking:not(:empty)") ? requestAnimationFrame(begin) : look());
  requestAnimationFrame(begin);
}"""


def bench() -> dict[str, Any]:
    """Measure the page.

    Returns:
        A JSON object; every figure's unit is in its name.

    Raises:
        InputError: Playwright or Chromium is missing; the message says how to get it.
    """
    figures: dict[str, Any] = {}
    with open_chromium() as browser:  # first, so that a missing one is said at once
        with _server(LONG) as (url, _):
            figures |= first_load(url) | _requests(browser, url)
            for long_run in LONG_RUNS:
                figures |= _long_run(browser, url, long_run)
        with _server(ORDINARY) as (url, ask):
            figures |= _first_token(browser, url, ask)
    with _server(LONG) as (url, _):
        for long_run in LONG_RUNS:
            figures |= asyncio.run(_long_bytes(url, long_run))
    with _server(ORDINARY) as (url, ask):
        figures |= asyncio.run(_class(url, ask))
    return figures


def first_load(url: str) -> dict[str, int]:
    """How much of our own a visitor's first load brings, in bytes before any compression.

    That is the page with Gradio's configuration, every label and our style sheets, and the modules that the first tab loads.
    Gradio's own files are not counted.
    """
    with urllib.request.urlopen(url) as answer:
        page = len(answer.read())
    modules = sum((UI / f"{name}.js").stat().st_size for name in reached(LANDING))
    return {
        "first_load_own_bytes": page + modules,
        "first_load_scripts_bytes": len(head().encode()) + modules,
        "first_load_styles_bytes": len(stylesheet().encode()),
    }


def report(figures: dict[str, Any]) -> str:
    """The figures as lines for people."""
    lines = []
    for name, value in figures.items():
        unit, most = TARGETS.get(name, ("", None))
        number = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        target = f"   (target: at most {most:,g}{' ' + unit if unit else ''})" if most is not None else ""
        lines.append(f"{name.replace('_', ' '):<48} {number:>14}{target}")
    return "\n".join(lines)


@contextmanager
def _server(pace: WritingPace) -> Iterator[tuple[str, AskServer]]:
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, pace), daemon=True)
    process.start()
    theirs.close()

    def ask(what: Any) -> Any:
        pipe.send(what)
        return pipe.recv()

    try:
        yield pipe.recv(), ask
        pipe.send("end")
        process.join(10)
    finally:
        process.kill()


def _requests(browser: Any, url: str) -> dict[str, Any]:
    """What the first load fetches besides the page."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    devtools = page.context.new_cdp_session(page)
    names: dict[str, str] = {}
    sizes: dict[str, int] = {}
    devtools.send("Network.enable")
    devtools.on("Network.responseReceived", lambda e: names.setdefault(e["requestId"], e["response"]["url"]))
    devtools.on("Network.dataReceived", lambda e: sizes.update({e["requestId"]: sizes.get(e["requestId"], 0) + e["dataLength"]}))
    page.goto(url)
    page.wait_for_selector("#trace-view [data-running]")
    page.wait_for_selector("html[data-followed=true]")
    page.wait_for_timeout(1000)  # the heartbeat's connection never ends, so that no state of rest can be waited for
    page.close()
    fetched = {key: name for key, name in names.items() if not name.startswith("data:")}
    gradio = [key for key, name in fetched.items() if any(place in name for place in _GRADIOS)]
    return {
        "first_load_own_requests": len(fetched) - len(gradio),
        "first_load_gradio_bytes": sum(sizes.get(key, 0) for key in gradio),
    }


def _opened(browser: Any, url: str, view: str) -> Any:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(_WATCH)
    page.goto(url)
    page.wait_for_selector(f"#{view} [data-running=false]")
    page.wait_for_selector("html[data-followed=true]")
    return page


def _long_run(browser: Any, url: str, run: LongRun) -> dict[str, Any]:
    """32k tokens in one tab, shown as fast as they come."""
    page = _opened(browser, f"{url}?{urlencode(run.address)}", run.view)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})  # CPU time, which other work on the machine adds little to

    def cpu_seconds() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

    page.evaluate("Object.assign(s1Bench, { long: 0, longest: 0 })")
    cpu = cpu_seconds()
    page.click(f"#{element_id(run.kind, 'run')}")
    page.wait_for_selector(f"#{run.view} [data-running=true]")
    begun = page.evaluate("performance.now()")
    page.wait_for_selector(f"#{run.view} [data-running=false]", timeout=300_000)
    milliseconds = page.evaluate("performance.now()") - begun
    cpu = cpu_seconds() - cpu
    shown = page.evaluate(run.shown)
    seen = page.evaluate("s1Bench")
    page.close()
    figures = {
        "tokens_shown": sum(shown),
        "seconds": milliseconds / 1000,
        "seconds_of_the_engine": LONG.thinking_tokens / LONG.tokens_per_second,
        "long_task_percent": 100 * seen["long"] / milliseconds,
        "longest_task_milliseconds": seen["longest"],
        "main_thread_cpu_percent": 100_000 * cpu / milliseconds,
    }
    return {f"{run.name}_{name}": value for name, value in figures.items()}


def _first_token(browser: Any, url: str, ask: AskServer) -> dict[str, float]:
    """From the engine's first token to the frame that shows it; the median of several runs, and the worst."""
    page = _opened(browser, url, "trace-view")
    delays = []
    for n in range(FIRST_TOKENS):
        page.fill("#question textarea", f"How many r in the word number {n}?")
        page.evaluate(_AWAIT_FIRST_TEXT)
        page.click("#run")
        page.wait_for_function("s1Bench.first > 0")
        delays.append(page.evaluate("s1Bench.first") - 1000 * ask("first token"))
        page.click("#stop")
        page.wait_for_selector("#trace-view [data-running=false]")
    page.close()
    return {"first_token_milliseconds": statistics.median(delays), "first_token_worst_milliseconds": max(delays)}


async def _long_bytes(url: str, long_run: LongRun) -> dict[str, float]:
    """The bytes that the same run sends and, where tokens come at an even pace, its second half of tokens against its first."""
    halves, tokens, n_updates = [0, 0], 0, 0

    def note(message: str) -> None:
        nonlocal tokens, n_updates
        if '"process_generating"' not in message:
            return
        halves[tokens > LONG.thinking_tokens / 2] += len(message.encode())
        counts = long_run.counted.findall(message) if long_run.counted else []
        tokens, n_updates = int(counts[-1]) if counts else tokens, n_updates + 1

    async with _client(url) as client:
        chosen = {**long_run.fields, element_id(long_run.kind, "speed"): FULL}
        call = _call((await client.get("/config")).json(), chosen, element_id(long_run.kind, "run"))
        begun = time.monotonic()
        await _session(client, call, f"bench-{long_run.name}", note)
    figures = {"updates_per_second": n_updates / (time.monotonic() - begun), "kilobytes": sum(halves) / 1000}
    if long_run.counted:
        figures["second_over_first_half_bytes"] = halves[1] / halves[0]
    return {f"{long_run.name}_{name}": value for name, value in figures.items()}


def _client(url: str) -> Any:
    import httpx

    return httpx.AsyncClient(base_url=url.rstrip("/"), timeout=None, limits=httpx.Limits(max_connections=None))


async def _class(url: str, ask: AskServer) -> dict[str, float]:
    """A class that reads: every session streams a comparison, one token at a time, ten updates a second."""
    n_updates = 0

    def note(message: str) -> None:
        nonlocal n_updates
        n_updates += '"process_generating"' in message

    async with _client(url) as client:
        call = _call((await client.get("/config")).json())
        pages = [asyncio.create_task(_session(client, call, f"bench{n}", note)) for n in range(CLASS)]
        await asyncio.sleep(8)  # all of them have begun
        cpu, begun = ask("cpu"), time.monotonic()
        before = n_updates
        await asyncio.sleep(CLASS_SECONDS)
        seconds, cpu = time.monotonic() - begun, ask("cpu") - cpu
        rate = (n_updates - before) / seconds / CLASS
        streaming = sum(not page.done() for page in pages)
        for page in pages:
            page.cancel()
        await asyncio.gather(*pages, return_exceptions=True)
    await asyncio.sleep(2)  # the server notices that they have gone
    alone = ask(("alone", CLASS, CLASS_SECONDS / 2)) / (CLASS_SECONDS / 2)
    outside = cpu / seconds - alone
    return {
        "class_sessions": CLASS,
        "class_sessions_streaming_to_the_end": streaming,
        "class_tokens_per_second_each": ORDINARY.tokens_per_second,
        "class_updates_per_second_each": rate,
        "class_cpu_percent": 100 * cpu / seconds,
        "class_cpu_percent_of_engine_alone": 100 * alone,
        "class_cpu_milliseconds_per_update_outside_engine": 1000 * outside / rate / CLASS,
        "class_cpu_percent_outside_engine_at_10_updates": 100 * outside * CLASS_UPDATES / rate,  # a busy machine sends fewer
    }


async def _session(client: Any, call: dict[str, Any], session: str, note: Callable[[str], None]) -> None:
    """One visitor: asks, and notes what comes."""
    await client.post("/gradio_api/queue/join", json=call | {"session_hash": session})
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answer:
        async for line in answer.aiter_lines():
            note(line)
            if '"process_completed"' in line:
                return


def _call(config: dict[str, Any], chosen: dict[str, Any] | None = None, button: str = "run") -> dict[str, Any]:
    """What an HTTP client sends to call the listener behind a Run.

    Args:
        config: the page's configuration.
        chosen: elem_id -> value, where it is another than the page's own.
        button: the id of the Run.
    """

    components = {component["id"]: component["props"] for component in config["components"]}
    run = next(i for i, props in components.items() if props.get("elem_id") == button)
    listener = next(d for d in config["dependencies"] if [run, "click"] in d["targets"] and d["inputs"])
    inputs = [components[i] for i in listener["inputs"]]
    values = [(chosen or {}).get(props.get("elem_id"), props.get("value")) for props in inputs]
    return {"data": values, "fn_index": listener["id"], "event_data": None}
