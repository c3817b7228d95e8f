"""Ways to run budget forcing, from the product's own to one that is naive on purpose."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import torch

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import decode_batch, run
from s1demo.engines.base import Engine
from s1demo.events import Event, SamplingParams, Tokens
from s1demo.traces import Trace, TraceBuilder


def token_ids(events: list[Event]) -> list[int]:
    return [token_id for event in events if isinstance(event, Tokens) for token_id in event.token_ids]


def trace_of(engine: Engine, question: str, policy: BudgetPolicy, sampling: SamplingParams = SamplingParams()) -> Trace:
    return asyncio.run(collect_trace(engine, question, policy, sampling))


def traces_of(engine: Engine, runs: list[tuple[str, BudgetPolicy, SamplingParams]]) -> list[Trace]:
    """The trace of each run on its own, all decoded at the same time: the engine shares steps, the runs share nothing."""

    async def gather() -> list[Trace]:
        return list(await asyncio.gather(*(collect_trace(engine, *each) for each in runs)))

    return asyncio.run(gather())


async def collect_trace(
    engine: Engine, question: str, policy: BudgetPolicy, sampling: SamplingParams = SamplingParams()
) -> Trace:
    builder = TraceBuilder(question, engine.info, policy, sampling)
    async with aclosing(run(engine, question, policy, sampling)) as events:
        async for event in events:
            builder.add(event)
    return builder.trace()


def stream_events(
    engine: Engine, question: str, policy: BudgetPolicy, sampling: SamplingParams = SamplingParams()
) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in run(engine, question, policy, sampling)]

    return asyncio.run(collect())


def batch_ids(
    engine: Engine, runs: list[tuple[str, BudgetPolicy]], sampling: SamplingParams = SamplingParams()
) -> list[list[int]]:
    return [token_ids(events) for events in asyncio.run(decode_batch(engine, runs, sampling))]


def plain_generate(model: Any, ids: list[int], max_new_tokens: int, stop_ids: set[int], min_new_tokens: int = 0) -> list[int]:
    """Greedy `model.generate`, everything re-computed, stop kept where one came."""
    prompt = torch.tensor([ids])
    output = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=max_new_tokens,
        min_new_tokens=min(min_new_tokens, max_new_tokens),
        eos_token_id=sorted(stop_ids),
        pad_token_id=0,
        do_sample=False,
    )
    return output[0, len(ids) :].tolist()


def naive_ids(engine: Any, question: str, policy: BudgetPolicy) -> list[int]:
    """Budget forcing as one would write it first: stop, glue ids together, prompt again from the start with `generate`.

    Shares nothing with the product but the tokenizer: delimiters are spelled out, segments come from plain `generate`.
    """
    encode = engine.tokenizer.encode
    start_id, end_id = encode("<|im_start|>", special=True)[0], encode("<|im_end|>", special=True)[0]
    stops = {start_id, end_id}
    prompt = encode("<|im_start|>user\n", special=True) + encode(question)
    prompt += encode("<|im_end|>\n<|im_start|>assistant\n<|im_start|>think", special=True)
    answer_limit = policy.max_answer_tokens if policy.max_answer_tokens != AUTO else engine.info.context_length // 8
    budget = policy.max_thinking_tokens
    if budget == AUTO:
        longest_end = encode("\n<|im_start|>answer\nFinal Answer:", special=True)
        budget = engine.info.context_length - len(prompt) - len(longest_end) - answer_limit
    thinking: list[int] = []
    waits = 0
    while True:
        room = budget - len(thinking)
        new = plain_generate(engine.model, prompt + thinking, room, stops, 1 if waits else 0) if room else []
        stopped = bool(new) and new[-1] in stops
        thinking += new[:-1] if stopped else new
        wait = encode(policy.extension)
        if stopped and waits < policy.num_ignore and budget - len(thinking) >= len(wait) + 1:
            waits += 1
            thinking += wait
            continue
        break
    if stopped:
        end = encode("<|im_start|>answer", special=True)
    else:
        text = engine.tokenizer.hub.decode(thinking)
        gap = [] if text.endswith("\n") else encode("\n")
        end = gap + encode("<|im_start|>answer\nFinal Answer:", special=True)
    answer = plain_generate(engine.model, prompt + thinking + end, int(answer_limit), stops)
    if answer and answer[-1] in stops:
        answer = answer[:-1]
    return thinking + end + answer


def first_request(engine: Engine, question: str, **limits: Any) -> Any:
    request = Prompt(engine, question).forcer(BudgetPolicy(**limits)).next_request()
    assert request is not None
    return request
