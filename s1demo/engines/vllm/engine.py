"""vLLM in this process: one GPU, several by tensor parallelism, or the CPU build for tests and classrooms.

Every segment is a request of its own: budget forcing ends one and sends the next, and prefix caching makes its prompt cheap. No
run waits for another, and nothing is put into vLLM's sampler. Ids in, ids out; vLLM sees no text and loads no tokenizer.
`startup` starts vLLM and `loops` drives it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from typing import Any

from s1demo.delimiters import choose_format
from s1demo.engines.base import check_request
from s1demo.engines.mailbox import Mailbox
from s1demo.engines.tokenization import HubTokenizer, shown_name
from s1demo.engines.vllm.startup import device_name, n_parameters, start_vllm
from s1demo.errors import InputError
from s1demo.events import EngineInfo, Request, Segment
from s1demo.settings import Settings

_HIGHEST_TEMPERATURE = 2.0  # vLLM refuses more
_LOWEST_TEMPERATURE = 0.01  # vLLM raises lower ones to this; we take them as greedy
_MOST_MASKED_IDS = 1024  # vLLM takes no more biases per request


class VLLMEngine:
    """Decodes with vLLM; see `Engine`.

    At a temperature, a sample depends on the seed, on the position its request begins at and on its place in the request: vLLM
    draws a request's random numbers one after another, so each request gets a seed of its own, made of the given seed and that
    position. Equal requests sample equal tokens, a shorter cap gives a prefix, and two segments of one run never share random
    numbers. A request that goes on from the middle of another samples other tokens than that one did (`samples_by_position`).

    Args:
        settings: those of the model, and `vllm_...`.
        processes: vLLM in processes of its own (`AsyncLLM`), None for that on a GPU and a thread of this process on CPU.

    Raises:
        ModelError: vLLM, a GPU, memory, the network or the model is missing; the message says what to do.
    """

    def __init__(self, settings: Settings, processes: bool | None = None) -> None:
        self.tokenizer = HubTokenizer(settings.model_path)
        self.loop = start_vllm(settings, processes)
        config = self.loop.llm.vllm_config
        self.info = EngineInfo(
            model=shown_name(settings.model_path),
            engine="vllm",
            device=device_name(config),
            parameters=n_parameters(config.model_config.model),
            context_length=config.model_config.max_model_len,
            format=choose_format(self.tokenizer, settings.format).name,
        )
        self._embedded = config.model_config.get_vocab_size()
        self._masked = {i: float("-inf") for i in range(self.tokenizer.size, self._embedded)[:_MOST_MASKED_IDS]}
        self._numbers = itertools.count()
        self.active_requests = 0

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Decode one request; see `Engine.stream`."""
        check_request(request, self.info.context_length)
        params = self._sampling_params(request)
        mailbox = Mailbox(self.loop.sent)
        request_id = f"s1-{next(self._numbers)}"
        self.active_requests += 1
        try:
            self.loop.submit(request_id, request.prompt_ids, params, mailbox)
            async for segment in mailbox:
                yield segment
        finally:
            self.active_requests -= 1
            self.loop.abort(request_id)

    async def close(self) -> None:
        """Stop vLLM; streams under way end with an error."""
        await asyncio.to_thread(self.loop.close)

    def _sampling_params(self, request: Request) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        ids = (*request.prompt_ids, *request.stop_ids)
        if min(ids) < 0 or max(ids) >= self._embedded:  # vLLM does not check, and on a GPU the whole engine would die of it
            raise InputError(f"The request has ids outside this model's embedding, which has {self._embedded}.")
        sampling = request.sampling
        if sampling.temperature > _HIGHEST_TEMPERATURE:
            raise InputError(f"The temperature is {sampling.temperature}; vLLM takes at most {_HIGHEST_TEMPERATURE}.")
        max_tokens = min(request.max_new_tokens, self.info.context_length - len(request.prompt_ids))
        arguments: dict[str, Any] = {"temperature": 0.0}
        if sampling.temperature >= _LOWEST_TEMPERATURE:
            arguments = {
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "seed": sampling.numbered(len(request.prompt_ids)).seed,
                "logit_bias": self._masked or None,  # ids that the embedding has and the tokenizer has not
            }
        return SamplingParams(
            **arguments,
            max_tokens=max_tokens,
            min_tokens=min(request.min_tokens, max_tokens),
            stop_token_ids=sorted(request.stop_ids),
            ignore_eos=True,  # the stops are the request's, and no others
            logprobs=0 if request.logprobs else None,  # of the sampled token alone
            detokenize=False,
            output_kind=RequestOutputKind.DELTA,
        )
