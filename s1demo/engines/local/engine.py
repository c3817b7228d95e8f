"""The default engine: transformers and torch, CPU or one GPU, all visitors in one decode loop on one thread.

Loads the model and carries segments between the loop's thread and asyncio. The loop itself is `batch_decoder`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

from s1demo.delimiters import choose_format
from s1demo.engines.base import check_request, closed_error
from s1demo.engines.local.batch_decoder import BatchDecoder
from s1demo.engines.mailbox import Mailbox, Sent, deliver
from s1demo.engines.tokenization import HubTokenizer, not_a_folder, shown_name
from s1demo.errors import EngineError, ModelError, first_line
from s1demo.events import EngineInfo, Request, Segment
from s1demo.settings import Settings


class TransformersEngine:
    """Decodes with a transformers causal language model; see `Engine`.

    Raises:
        ModelError: the model cannot be loaded; the message names what is missing.
    """

    def __init__(self, settings: Settings) -> None:
        import torch

        torch.set_num_threads(settings.torch_threads)
        model, device = settings.model_path, settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
        kind = _device_type(device)
        self.tokenizer = HubTokenizer(model)
        self.model = _load_model(model, device, settings.dtype or ("float32" if kind == "cpu" else "auto"))
        context_length = self.model.config.max_position_embeddings
        self.info = EngineInfo(
            model=shown_name(model),
            engine="transformers",
            device=torch.cuda.get_device_name(device) if kind == "cuda" else kind.upper(),
            parameters=self.model.num_parameters(),
            context_length=context_length,
            format=choose_format(self.tokenizer, settings.format).name,
            samples_by_position=True,
        )
        self.decoder = BatchDecoder(self.model, context_length, self.tokenizer.size, settings.max_concurrent_requests)
        self.active_requests = 0
        self._wake = threading.Condition()
        self._sent: Sent = []  # touched by the decode thread only
        self._closed = False
        self._thread = threading.Thread(target=self._decode_forever, name="decode-loop", daemon=True)
        self._thread.start()

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Decode one request; see `Engine.stream`."""
        check_request(request, self.info.context_length)
        mailbox = Mailbox(self._sent)
        with self._wake:
            if self._closed:
                raise closed_error()
            job = self.decoder.submit(request, mailbox.put)
            self._wake.notify()
        self.active_requests += 1
        try:
            async for segment in mailbox:
                yield segment
        finally:
            job.aborted = True
            self.active_requests -= 1

    async def close(self) -> None:
        """Stop the loop; streams under way end with an error."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    def _decode_forever(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self.decoder.has_work)
                if self._closed:
                    break
            try:
                self.decoder.step()
            except Exception as error:  # one bad step must not end the exhibit: its requests fail, the next ones work
                self.decoder.fail_all(EngineError(f"Decoding failed: {type(error).__name__}: {error}"))
            deliver(self._sent)
        self.decoder.fail_all(EngineError("The engine was closed."))
        deliver(self._sent)


def _device_type(device: str) -> str:
    import torch

    try:
        return str(torch.device(device).type)
    except RuntimeError as error:
        raise ModelError(f"Unknown device {device!r}. Give a torch device such as cpu or cuda:0.") from error


def _load_model(model: str, device: str, dtype: str) -> Any:
    """A transformers model in eval mode, or an error that says what is missing."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    if dtype != "auto" and not isinstance(getattr(torch, dtype, None), torch.dtype):
        raise ModelError(f"Unknown dtype {dtype!r}. Give a torch dtype such as float32 or bfloat16.")
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            model, dtype=dtype, attn_implementation="sdpa", trust_remote_code=False
        )
        return loaded.to(device).eval()
    except Exception as error:  # many kinds for few causes: missing, corrupt, too large, not a language model
        raise ModelError(f"Cannot load a model from {model!r}{not_a_folder(model)}: {first_line(error)}") from error
