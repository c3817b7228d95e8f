"""Who drives vLLM: one daemon thread of this process, with vLLM's engine in it (CPU) or in processes of its own (GPU).

Knows vLLM's requests and outputs, and mailboxes. Knows no tokenizer, no settings and no event loop but its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from s1demo.engines.base import closed_error
from s1demo.engines.mailbox import Mailbox, Sent, deliver
from s1demo.errors import EngineError, InputError, S1Error, first_line
from s1demo.events import FinishReason, Segment

_CLOSED = "The engine was closed."


class VLLMLoop(ABC):
    """A running vLLM engine that takes requests from any thread.

    Args:
        build: makes the vLLM engine; called on the loop's own thread.

    Attributes:
        sent: what was put into mailboxes since the last `deliver`.
        llm: the vLLM engine.

    Raises:
        Exception: whatever `build` raised.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        self.sent: Sent = []
        self.llm: Any = None
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(build, started), name="vllm-loop", daemon=True)
        self._thread.start()
        started.result()

    def _run(self, build: Callable[[], Any], started: Future[None]) -> None:
        try:
            self.llm = build()
        except BaseException as error:  # raised where the start is waited for
            started.set_exception(error)
            return
        started.set_result(None)
        self._serve()

    def close(self) -> None:
        """Stop vLLM; requests under way end with an error."""
        if self._thread.is_alive():
            self._stop()
            self._thread.join()

    @abstractmethod
    def submit(self, request_id: str, prompt_ids: tuple[int, ...], params: Any, mailbox: Mailbox) -> None:
        """Queue a request; its segments and errors go to the mailbox.

        Raises:
            EngineError: the loop is closed.
        """

    @abstractmethod
    def abort(self, request_id: str) -> None:
        """Forget a request, wherever it is; one that has ended is none."""

    @abstractmethod
    def _serve(self) -> None: ...

    @abstractmethod
    def _stop(self) -> None: ...


class InProcessLoop(VLLMLoop):
    """Steps an in-process `LLMEngine` while there is work."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._wake = threading.Condition()
        self._commands: list[Callable[[], None]] = []
        self._closed = False
        self._mailboxes: dict[str, Mailbox] = {}  # touched by the loop's thread only
        super().__init__(build)

    def submit(self, request_id: str, prompt_ids: tuple[int, ...], params: Any, mailbox: Mailbox) -> None:
        """See `VLLMLoop.submit`."""
        self._command(partial(self._add, request_id, prompt_ids, params, mailbox))

    def abort(self, request_id: str) -> None:
        """See `VLLMLoop.abort`."""
        with contextlib.suppress(EngineError):
            self._command(partial(self._remove, request_id))

    def _command(self, command: Callable[[], None]) -> None:
        with self._wake:
            if self._closed:
                raise closed_error()
            self._commands.append(command)
            self._wake.notify()

    def _serve(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._commands or self.llm.has_unfinished_requests())
                if self._closed:
                    break
                commands, self._commands = self._commands, []
            for command in commands:
                command()
            try:
                self._step()
            except Exception as error:  # one bad step must not end the exhibit: its requests fail, the next ones work
                self._fail_all(_failed(error))
            deliver(self.sent)
        self._fail_all(EngineError(_CLOSED))
        deliver(self.sent)
        self.llm.engine_core.shutdown()

    def _step(self) -> None:
        for output in self.llm.step():
            mailbox = self._mailboxes.get(output.request_id)
            if mailbox is not None:
                mailbox.put(as_item(output.outputs[0]))
            if output.finished:
                self._mailboxes.pop(output.request_id, None)

    def _add(self, request_id: str, prompt_ids: tuple[int, ...], params: Any, mailbox: Mailbox) -> None:
        try:
            self.llm.add_request(request_id, {"prompt_token_ids": list(prompt_ids)}, params)
        except Exception as error:
            mailbox.put(_refused(error))
            return
        self._mailboxes[request_id] = mailbox

    def _remove(self, request_id: str) -> None:
        if self._mailboxes.pop(request_id, None) is not None:
            self.llm.abort_request([request_id])

    def _fail_all(self, error: EngineError) -> None:
        waiting = dict(self._mailboxes)
        self._mailboxes.clear()
        for mailbox in waiting.values():
            mailbox.put(error)
        with contextlib.suppress(Exception):  # vLLM may be the one that is broken
            self.llm.abort_request(list(waiting))

    def _stop(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()


class MultiProcessLoop(VLLMLoop):
    """Follows the requests of an `AsyncLLM`, whose engine and workers are processes of their own."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        super().__init__(build)

    def submit(self, request_id: str, prompt_ids: tuple[int, ...], params: Any, mailbox: Mailbox) -> None:
        """See `VLLMLoop.submit`."""
        try:
            self._loop.call_soon_threadsafe(self._begin, request_id, prompt_ids, params, mailbox)
        except RuntimeError as error:
            raise closed_error() from error

    def abort(self, request_id: str) -> None:
        """See `VLLMLoop.abort`."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel, request_id)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(asyncio.gather(*self._tasks.values(), return_exceptions=True))
        finally:
            self.llm.shutdown()
            self._loop.run_until_complete(asyncio.sleep(0))  # vLLM's own task ends here
            self._loop.close()

    def _begin(self, request_id: str, prompt_ids: tuple[int, ...], params: Any, mailbox: Mailbox) -> None:
        task = self._loop.create_task(self._follow(request_id, prompt_ids, params, mailbox))
        self._tasks[request_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(request_id, None))

    def _cancel(self, request_id: str) -> None:
        if task := self._tasks.get(request_id):
            task.cancel()

    async def _follow(self, request_id: str, prompt_ids: tuple[int, ...], params: Any, mailbox: Mailbox) -> None:
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            async for output in self.llm.generate({"prompt_token_ids": list(prompt_ids)}, params, request_id):
                self._deliver(mailbox, as_item(output.outputs[0]))
        except asyncio.CancelledError:
            self._deliver(mailbox, EngineError(_CLOSED))
            raise
        except EngineDeadError:
            self._deliver(mailbox, EngineError("vLLM's engine process has died. Restart the exhibit; S1_VLLM_LOG=1 shows why."))
        except Exception as error:
            self._deliver(mailbox, _refused(error) if is_refusal(error) else _failed(error))

    def _deliver(self, mailbox: Mailbox, item: Segment | S1Error) -> None:
        mailbox.put(item)
        if len(self.sent) == 1:  # the first of this round; those that follow it in the same round are woken with it
            self._loop.call_soon(deliver, self.sent)

    def _stop(self) -> None:
        def cancel_all() -> None:
            for task in self._tasks.values():
                task.cancel()
            self._loop.stop()

        self._loop.call_soon_threadsafe(cancel_all)


def as_item(output: Any) -> Segment | S1Error:
    """What a vLLM completion output (newly sampled tokens only) says."""
    ids = tuple(output.token_ids)
    logprobs = None
    if output.logprobs is not None:
        logprobs = tuple(known[token_id].logprob for token_id, known in zip(ids, output.logprobs, strict=True))
    if output.finish_reason in (None, "length"):
        return Segment(ids, FinishReason.LENGTH if output.finish_reason else None, logprobs=logprobs)
    if output.finish_reason == "stop":  # vLLM hands the stop on as the last token
        return Segment(ids[:-1], FinishReason.STOP, ids[-1], logprobs)
    return EngineError(f"vLLM ended the request by itself ({output.finish_reason}). Try again.")


def is_refusal(error: Exception) -> bool:
    """Whether vLLM refused a request, as opposed to failing at it; its class for that was a ValueError before vLLM 0.33."""
    from vllm.exceptions import VLLMValidationError

    return isinstance(error, VLLMValidationError | ValueError | TypeError)


def _refused(error: Exception) -> InputError:
    return InputError(f"vLLM cannot serve this request: {first_line(error)}")


def _failed(error: Exception) -> EngineError:
    return EngineError(f"Decoding failed: {type(error).__name__}: {first_line(error)}")
