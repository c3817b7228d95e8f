"""The default engine: transformers and torch, CPU or one GPU, all visitors in one decode loop on one thread.

Loads the model and carries segments between the loop's thread and asyncio. The loop itself is `batch_decoder`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from s1demo.delimiters import choose_format
from s1demo.engines.base import EngineInfo, check_request
from s1demo.engines.batch_decoder import BatchDecoder, Job
from s1demo.engines.tokenization import HubTokenizer, not_a_folder
from s1demo.errors import EngineError, ModelError
from s1demo.events import Request, Segment

_Item = Segment | EngineError


class TransformersEngine:
    """Decodes with a transformers causal language model; see `Engine`.

    Args:
        model: folder or Hub id.
        format: name of the thinking format, None to decide by the vocabulary.
        device: torch device, None for a GPU where there is one.
        dtype: torch dtype by name, None for float32 on CPU and the checkpoint's own on a GPU.
        torch_threads: threads of one step on CPU.
        max_active: most requests decoded in one step.

    Raises:
        ModelError: the model cannot be loaded; the message names what is missing.
    """

    def __init__(
        self,
        model: str,
        format: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
        torch_threads: int = 1,
        max_active: int = 16,
    ) -> None:
        import torch

        torch.set_num_threads(torch_threads)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        kind = _device_type(device)
        self.tokenizer = HubTokenizer(model)
        self.model = _load_model(model, device, dtype or ("float32" if kind == "cpu" else "auto"))
        context_length = self.model.config.max_position_embeddings
        self.info = EngineInfo(
            model=Path(model).name if Path(model).is_dir() else model,  # a folder's path is nobody's business
            engine="transformers",
            device=torch.cuda.get_device_name(device) if kind == "cuda" else kind.upper(),
            parameters=self.model.num_parameters(),
            context_length=context_length,
            format=choose_format(self.tokenizer, format).name,
        )
        self.decoder = BatchDecoder(self.model, context_length, self.tokenizer.size, max_active)
        self._wake = threading.Condition()
        self._fresh: list[_Mailbox] = []  # touched by the decode thread only
        self._closed = False
        self._thread = threading.Thread(target=self._decode_forever, name="decode-loop", daemon=True)
        self._thread.start()

    @property
    def active_requests(self) -> int:
        """Requests being decoded or waiting."""
        return self.decoder.n_requests

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Decode one request; see `Engine.stream`."""
        check_request(request, self.info.context_length)
        mailbox = _Mailbox(asyncio.get_running_loop(), self._fresh)
        job = self._submit(request, mailbox)
        try:
            while True:
                segment = await mailbox.get()
                yield segment
                if segment.finish_reason is not None:
                    return
        finally:
            job.aborted = True

    async def close(self) -> None:
        """Stop the loop; streams under way end with an error."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """`close` for callers without an event loop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _submit(self, request: Request, mailbox: _Mailbox) -> Job:
        with self._wake:
            if self._closed:
                raise EngineError("The engine is closed. Start it again.")
            job = self.decoder.submit(request, mailbox.put)
            self._wake.notify()
        return job

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
            _wake_consumers(self._fresh)
        self.decoder.fail_all(EngineError("The engine was closed."))
        _wake_consumers(self._fresh)


class _Mailbox:
    """Carries segments from the decode thread to one consumer on an event loop, several in one when the consumer is slow.

    Args:
        loop: the consumer's event loop.
        fresh: where the mailbox notes that it has something new; the decode thread wakes all its consumers once a step.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, fresh: list[_Mailbox]) -> None:
        self.loop = loop
        self._fresh = fresh
        self._items: deque[_Item] = deque()
        self._arrived = asyncio.Event()

    def put(self, item: _Item) -> None:
        """Called from the decode thread."""
        self._items.append(item)
        self._fresh.append(self)

    def wake(self) -> None:
        """Called on the consumer's event loop."""
        self._arrived.set()

    async def get(self) -> Segment:
        """All that arrived since the last call, as one segment."""
        while not self._items:
            self._arrived.clear()
            await self._arrived.wait()
        segments: list[Segment] = []
        while self._items:
            item = self._items.popleft()
            if isinstance(item, EngineError):
                raise EngineError(str(item))
            segments.append(item)
        ids = tuple(token_id for segment in segments for token_id in segment.token_ids)
        return Segment(ids, segments[-1].finish_reason, segments[-1].stop_id)


def _wake_all(mailboxes: list[_Mailbox]) -> None:
    for mailbox in mailboxes:
        mailbox.wake()


def _wake_consumers(fresh: list[_Mailbox]) -> None:
    """Wake everyone who got something in this step, with one call per event loop."""
    for loop in {mailbox.loop for mailbox in fresh}:
        with contextlib.suppress(RuntimeError):  # the event loop may be gone, and its consumers with it
            loop.call_soon_threadsafe(_wake_all, [mailbox for mailbox in fresh if mailbox.loop is loop])
    fresh.clear()


def _device_type(device: str) -> str:
    import torch

    try:
        return torch.device(device).type
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
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"Cannot load a model from {model!r}{not_a_folder(model)}: {reason}") from error
