"""`python -m s1demo bench`: how fast this machine runs the exhibit. Ratios are medians of alternating repeats in one process.

Knows engines through their protocol; the comparison with plain `generate` needs the transformers engine.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from s1demo.bench.baselines import in_rounds, one_after_another
from s1demo.budget import BudgetPolicy
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import decode_batch, run
from s1demo.engines.base import Engine
from s1demo.evals.benchmarks import load_benchmark
from s1demo.events import Event, Origin, Request, Tokens

QUESTION = "How many r in raspberry?"
UNSEEN_WORDS = ("carrot", "mirror", "library", "strawberry", "terrarium")  # in front, so that no prompt shares the beginning
STREAMS = (1, 4, 16, 64)
TOKENS_PER_STREAM = 206  # what s1-mini thinks with two Waits, on average (assets/measured/s1-mini/curve.json)
REPEATS = 5
WAYS_POLICY, WAYS_PROMPTS = BudgetPolicy(max_thinking_tokens=200, num_ignore=4), 16  # as in the measurement of the harness's way
FORCED_POLICY = BudgetPolicy(max_thinking_tokens=240, num_ignore=6, max_answer_tokens=16)
Way = Callable[[], Coroutine[Any, Any, Any]]


async def bench(engine: Engine) -> dict[str, Any]:
    """Measure first token, throughput and the cost of budget forcing; each figure's unit is in its name."""
    figures: dict[str, Any] = {"model": engine.info.model, "engine": engine.info.engine, "device": engine.info.device}
    prompt_ids = Prompt(engine, QUESTION).ids
    await _decode(engine, prompt_ids, 8)  # warm up
    figures["first_token_seconds"] = statistics.median([await _first_token_seconds(engine, word) for word in UNSEEN_WORDS])
    figures["streams"] = await _throughput(engine, prompt_ids)
    one, _, sixteen, many = (figures["streams"][str(n)] for n in STREAMS)
    figures["tokens_per_cpu_second_16_over_1"] = sixteen["tokens_per_cpu_second"] / one["tokens_per_cpu_second"]
    figures["tokens_per_second_64_over_1"] = many["tokens_per_second"] / one["tokens_per_second"]
    if hasattr(engine, "model"):
        figures |= await _against_generate(engine, prompt_ids)
    figures["forced_over_plain_time_1_run"] = await _forced_over_plain(engine, 1)
    figures["forced_over_plain_time_16_runs"] = await _forced_over_plain(engine, 16)
    return figures | await _ways(engine)


async def _decode(engine: Engine, prompt_ids: tuple[int, ...], n_tokens: int) -> None:
    text = engine.tokenizer.text_stream()
    async with aclosing(engine.stream(Request(prompt_ids, n_tokens))) as segments:
        async for segment in segments:
            text.text(segment.token_ids)


async def _first_token_seconds(engine: Engine, word: str) -> float:
    """Seconds to the first token of a question the cache has not seen."""
    begun = time.perf_counter()
    async with aclosing(run(engine, f"{word} holds how many r?", BudgetPolicy())) as events:
        async for event in events:
            if isinstance(event, Tokens):
                break
    return time.perf_counter() - begun


async def _timed(work: Coroutine[Any, Any, Any]) -> tuple[float, float]:
    """Wall and CPU seconds of some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work
    return time.perf_counter() - wall, time.process_time() - cpu


async def _median_ratio(way: Way, other: Way) -> float:
    """The time of one way over that of another, the median of alternating repeats."""
    return statistics.median([(await _timed(way()))[0] / (await _timed(other()))[0] for _ in range(REPEATS)])


async def _decode_many(engine: Engine, prompt_ids: tuple[int, ...], n_streams: int, n_tokens: int) -> None:
    await asyncio.gather(*(_decode(engine, prompt_ids, n_tokens) for _ in range(n_streams)))


async def _throughput(engine: Engine, prompt_ids: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """Tokens per second and per CPU-second by number of concurrent streams, medians of interleaved repeats."""
    samples: dict[int, list[tuple[float, float]]] = {n: [] for n in STREAMS}
    for _ in range(REPEATS):
        for n in STREAMS:
            samples[n].append(await _timed(_decode_many(engine, prompt_ids, n, TOKENS_PER_STREAM)))
    return {
        str(n): {
            "tokens_per_second": n * TOKENS_PER_STREAM / statistics.median(wall for wall, _ in samples[n]),
            "tokens_per_cpu_second": n * TOKENS_PER_STREAM / statistics.median(cpu for _, cpu in samples[n]),
        }
        for n in STREAMS
    }


async def _against_generate(engine: Any, prompt_ids: tuple[int, ...]) -> dict[str, float]:
    """One stream here over `model.generate` with a text streamer, in the same process, as a ratio of tokens per CPU-second."""
    ratios, speeds = [], []
    for _ in range(REPEATS):
        _, ours = await _timed(_decode(engine, prompt_ids, TOKENS_PER_STREAM))
        _, theirs = await _timed(asyncio.to_thread(_generate_with_streamer, engine, prompt_ids))
        ratios.append(theirs / ours)
        speeds.append(TOKENS_PER_STREAM / theirs)
    return {
        "generate_with_streamer_tokens_per_cpu_second": statistics.median(speeds),
        "one_stream_over_generate_with_streamer": statistics.median(ratios),
    }


def _generate_with_streamer(engine: Any, prompt_ids: tuple[int, ...]) -> None:
    import torch
    from transformers import TextIteratorStreamer

    streamer = TextIteratorStreamer(engine.tokenizer.hub, skip_prompt=True)
    ids = torch.tensor([prompt_ids], device=engine.model.device)
    options = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "min_new_tokens": TOKENS_PER_STREAM,
        "max_new_tokens": TOKENS_PER_STREAM,
        "max_length": None,
        "do_sample": False,
        "streamer": streamer,
    }
    thread = threading.Thread(target=engine.model.generate, kwargs=options)
    thread.start()
    for _ in streamer:
        pass
    thread.join()


async def _forced_over_plain(engine: Engine, n_runs: int) -> float:
    """Time of budget-forced runs over plain decoding of as many tokens after the same prompt."""
    prompt_ids = Prompt(engine, QUESTION).ids

    async def forced(n: int) -> list[list[Event]]:
        return await decode_batch(engine, [(QUESTION, FORCED_POLICY)] * n)

    n_tokens = sum(len(event.token_ids) for event in (await forced(1))[0] if isinstance(event, Tokens))
    return await _median_ratio(lambda: forced(n_runs), lambda: _decode_many(engine, prompt_ids, n_runs, n_tokens))


async def _ways(engine: Engine) -> dict[str, float]:
    """Ways to force budgets on different prompts, as ratios of time: plain decoding, ours, rounds, one after another."""
    runs = [(problem.question, WAYS_POLICY) for problem in load_benchmark("mini")[:WAYS_PROMPTS]]
    ours = await decode_batch(engine, runs, max_concurrent=WAYS_PROMPTS)
    ways: dict[str, Way] = {
        "plain": lambda: _plain(engine, [question for question, _ in runs], ours),
        "ours": lambda: decode_batch(engine, runs, max_concurrent=WAYS_PROMPTS),
        "rounds": lambda: in_rounds(engine, runs),
        "one_after_another": lambda: one_after_another(engine, runs),
    }
    pairs = (("ours", "plain"), ("rounds", "ours"), ("one_after_another", "ours"))
    return {f"time_of_{a}_over_{b}_{WAYS_PROMPTS}_prompts": await _median_ratio(ways[a], ways[b]) for a, b in pairs}


async def _plain(engine: Engine, questions: list[str], forced: list[list[Event]]) -> None:
    """For each question as many tokens as were sampled in its forced run, in one go."""
    work = []
    for question, events in zip(questions, forced, strict=True):
        n = sum(len(e.token_ids) for e in events if isinstance(e, Tokens) and e.origin is Origin.SAMPLED)
        work.append(_decode(engine, Prompt(engine, question).ids, n))
    await asyncio.gather(*work)


def report(figures: dict[str, Any]) -> str:
    """The figures as lines for people."""
    lines = [f"{figures['model']} on {figures['engine']}, {figures['device']}"]
    for name, value in figures.items():
        if isinstance(value, float):
            lines.append(f"{name.replace('_', ' '):<50} {value:10.3f}")
    for n, speeds in figures["streams"].items():
        lines += [f"{n + ' concurrent: ' + name.replace('_', ' '):<50} {value:10.1f}" for name, value in speeds.items()]
    return "\n".join(lines)
