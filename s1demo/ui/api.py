"""The two public endpoints, `/ask` and `/compare`: what the page does, for programs; deltas first, the full result last."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import gradio as gr
import gradio.events

from s1demo.budget import BudgetPolicy
from s1demo.decoding.prompt import check_question
from s1demo.decoding.runs import compare
from s1demo.delimiters import EXTENSION
from s1demo.engines import Engine
from s1demo.events import EndSuppressed, Event, Finished, RunStarted, ThinkingEnded, Tokens
from s1demo.policies import comparison_policies
from s1demo.settings import Settings
from s1demo.traces import TraceBuilder
from s1demo.ui.controls import default_budget, limit, sampling_params, whole
from s1demo.ui.stream.streaming import Pump, describe

JsonObject = dict[str, Any]
_ASK = "ask"


def add_endpoints(engine: Engine, settings: Settings) -> None:
    """Add both endpoints to the open Blocks context."""

    async def ask(
        question: str,
        max_thinking_tokens: int | str = "auto",
        num_ignore: int = 0,
        extension: str = EXTENSION,
        max_answer_tokens: int | str = "auto",
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> AsyncGenerator[JsonObject, None]:
        """Ask one question under one budget-forcing policy.

        Yields small objects by "type": started, tokens, end_suppressed, thinking_ended, finished, and waiting where nothing
        happened for a while; the last one has "type": "result" and is the whole trace.
        """

        def policies() -> dict[str, BudgetPolicy]:
            waits = whole(num_ignore, "number of Waits")
            return {_ASK: BudgetPolicy(limit(max_thinking_tokens), waits, extension, limit(max_answer_tokens))}

        async for item in _items(engine, settings, question, policies, (temperature, top_p, seed)):
            item.pop("run", None)
            yield item | item.pop("runs", {}).get(_ASK, {})

    async def compare_runs(
        question: str,
        max_thinking_tokens: int | str = default_budget(engine.info.context_length),
        num_ignore: int = 2,
        extension: str = EXTENSION,
        max_answer_tokens: int | str = "auto",
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> AsyncGenerator[JsonObject, None]:
        """Ask one question three times at once: truncated at the budget, natural, and extended by `num_ignore` suppressed ends.

        Yields small objects by "type" and "run", as /ask does; the last one has "type": "result" and the traces under "runs".
        """

        def policies() -> dict[str, BudgetPolicy]:
            waits = whole(num_ignore, "number of Waits")
            return comparison_policies(limit(max_thinking_tokens), waits, extension, limit(max_answer_tokens))

        async for item in _items(engine, settings, question, policies, (temperature, top_p, seed)):
            yield item

    shared: dict[str, Any] = {"concurrency_limit": settings.max_concurrent_runs, "concurrency_id": "runs"}
    gradio.events.api(ask, api_name="ask", **shared)
    gradio.events.api(compare_runs, api_name="compare", **shared)


async def _items(
    engine: Engine,
    settings: Settings,
    question: str,
    policies: Callable[[], dict[str, BudgetPolicy]],
    sampling: tuple[Any, Any, Any],
) -> AsyncGenerator[JsonObject, None]:
    """Deltas of the runs, tokens of one tick joined, and their traces in the end.

    Args:
        policies: makes them; what it raises is said as every other problem.
        sampling: temperature, top-p and seed, untrusted.

    Raises:
        gr.Error: one sentence on what is wrong.
    """
    builders: dict[str, TraceBuilder] = {}

    async def recorded() -> AsyncGenerator[tuple[str, Event], None]:
        check_question(question, settings.max_question_chars)
        params, chosen = sampling_params(*sampling), policies()
        builders.update({name: TraceBuilder(question, engine.info, policy, params) for name, policy in chosen.items()})
        async with aclosing(compare(engine, question, chosen, params)) as events:
            async for name, event in events:
                builders[name].add(event)
                yield name, event

    try:
        async with aclosing(Pump(recorded(), settings.max_run_seconds).batches()) as batches:
            async for batch in batches:
                for item in joined([delta(name, event) for _, (name, event) in batch]) or [{"type": "waiting"}]:
                    yield item
    except Exception as error:
        raise gr.Error(describe(error), print_exception=False) from error
    yield {"type": "result", "runs": {name: builder.trace().to_dict() for name, builder in builders.items()}}


def delta(name: str, event: Event) -> JsonObject:
    """One event as a small JSON object."""
    match event:
        case RunStarted():
            return {"type": "started", "run": name, "thinking_budget": event.thinking_budget}
        case Tokens():
            kind = {"type": "tokens", "run": name, "phase": event.phase.value, "origin": event.origin.value}
            return {**kind, "token_ids": list(event.token_ids), "text": event.text}
        case EndSuppressed():
            counts = {"wait_number": event.wait_number, "thinking_tokens": event.thinking_tokens}
            return {"type": "end_suppressed", "run": name, **counts}
        case ThinkingEnded():
            return {"type": "thinking_ended", "run": name, "reason": event.reason.value, "thinking_tokens": event.thinking_tokens}
        case Finished():
            counts = {"thinking_tokens": event.thinking_tokens, "answer_tokens": event.answer_tokens}
            return {"type": "finished", "run": name, "finish_reason": event.finish_reason.value, **counts}


def joined(items: list[JsonObject]) -> list[JsonObject]:
    """The same deltas in fewer objects: consecutive tokens of one run, phase and origin become one."""
    kept: list[JsonObject] = []
    last: dict[str, JsonObject] = {}
    for item in items:
        before = last.get(item["run"])
        if before and all(item.get(key) == before.get(key) for key in ("type", "phase", "origin")) and item["type"] == "tokens":
            before["token_ids"] = before["token_ids"] + item["token_ids"]
            before["text"] += item["text"]
        else:
            last[item["run"]] = item
            kept.append(item)
    return kept
