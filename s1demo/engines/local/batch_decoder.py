"""One decode loop for many requests: they join and leave between steps, and a continuation never re-computes its prefix.

Knows a transformers model, ids and slots. Knows no thread, no event loop and no text: its owner calls `step()` while there is
work. Slots [0, n_active) are decoding; the slots behind them keep the cache of requests that have ended. A new request takes
over the slot whose ids it continues, or copies the longest prefix any slot shares with it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s1demo.engines.local.kv_slots import KVSlots
from s1demo.engines.local.sampling import log_probabilities, pick_tokens
from s1demo.errors import EngineError
from s1demo.events import FinishReason, Request, Segment

if TYPE_CHECKING:
    import torch

_PREFILL_CHUNK = 512  # tokens of one prefill forward pass; aborts are noticed in between
_STEP_FEED = 4  # up to this many known tokens are fed through the shared steps while others decode, not in a pass of their own

Sink = Callable[[Segment | EngineError], None]


@dataclass(eq=False)
class Job:
    """A request on its way through the loop.

    Attributes:
        request: what to decode.
        sink: takes its segments, called from the thread that steps.
        aborted: set by anyone at any time; the job ends before the next step.
    """

    request: Request
    sink: Sink
    aborted: bool = False
    sampled: int = 0


@dataclass(eq=False)
class _Slot:
    """One row of the cache: the ids it holds, and those its job still has to feed."""

    cached_ids: list[int] = field(default_factory=list)
    pending_ids: list[int] = field(default_factory=list)
    job: Job | None = None
    last_used: int = 0


class BatchDecoder:
    """Decodes many requests with one model.

    Args:
        model: a transformers causal language model in eval mode.
        context_length: longest sequence in tokens.
        vocabulary: number of ids the tokenizer knows.
        max_active: most requests decoded in one step; more wait.
    """

    def __init__(self, model: Any, context_length: int, vocabulary: int, max_active: int) -> None:
        self._model = model
        self._context_length = context_length
        self._vocabulary = vocabulary
        self._max_active = max_active
        self._slots = [_Slot() for _ in range(max_active + max(2, max_active // 2))]
        self._cache = KVSlots(len(self._slots), context_length)
        self._n_active = 0
        self._clock = 0
        self._waiting: deque[Job] = deque()
        self._lock = threading.Lock()
        self.tokens_fed = 0  # tokens that went through the model, for tests and benchmarks

    @property
    def has_work(self) -> bool:
        """Whether `step()` has something to do."""
        return bool(self._n_active or self._waiting)

    def submit(self, request: Request, sink: Sink) -> Job:
        """Queue a request; its segments go to `sink` from the stepping thread."""
        job = Job(request, sink)
        with self._lock:
            self._waiting.append(job)
        return job

    def step(self) -> None:
        """Drop aborted jobs, admit waiting ones and decode one token for every active request."""
        import torch

        with torch.inference_mode():
            for row in reversed(range(self._n_active)):
                job = self._slots[row].job
                if job is not None and job.aborted:
                    self._retire(row)
            self._admit_waiting()
            if self._n_active:
                self._decode_step()

    def fail_all(self, error: EngineError) -> None:
        """Forget every request and all that is cached, and hand the error to those who wait."""
        with self._lock:
            jobs = [*self._waiting, *(slot.job for slot in self._slots if slot.job is not None)]
            self._waiting.clear()
        self._slots = [_Slot() for _ in self._slots]
        self._cache = KVSlots(len(self._slots), self._context_length)  # the old one may be half grown
        self._n_active = 0
        for job in dict.fromkeys(jobs):
            if not job.aborted:
                job.sink(error)

    def _admit_waiting(self) -> None:
        while self._waiting and self._n_active < self._max_active:
            job = self._waiting[0]
            if not job.aborted:
                self._admit(job)
            with self._lock:
                self._waiting.popleft()  # only now: should admission fail, the job is still known

    def _admit(self, job: Job) -> None:
        """Give a job the slot behind the active ones, with as much of its prompt's cache as any slot has."""
        prompt = list(job.request.prompt_ids)
        usable = len(prompt) - 1  # the last token must be fed, for its logits
        row = self._n_active

        def preference(source: int) -> tuple[int, bool, int]:
            cached = self._slots[source].cached_ids
            shared = min(_common_prefix(cached, prompt), usable)
            return shared, shared == len(cached), source

        shared, whole, source = max(map(preference, range(len(self._slots))))
        if shared and whole and source >= row:
            self._swap(source, row)  # a continuation: take the slot over
        else:
            freed = self._least_recently_used(keep=source)
            self._swap(freed, row)
            source = {row: freed, freed: row}.get(source, source)
            if shared and source != row:
                self._cache.copy_prefix(source, row, shared)
        slot = self._slots[row]
        slot.cached_ids, slot.pending_ids, slot.job = prompt[:shared], prompt[shared:], job
        self._n_active += 1
        if len(slot.pending_ids) > _STEP_FEED:
            self._prefill(row)

    def _least_recently_used(self, keep: int) -> int:
        idle = range(self._n_active, len(self._slots))
        return min((row for row in idle if row != keep), key=lambda row: self._slots[row].last_used)

    def _prefill(self, row: int) -> None:
        """Feed all but the last pending token, so that a job admitted next can copy them and the step samples."""
        slot = self._slots[row]
        while len(slot.pending_ids) > 1 and not (slot.job and slot.job.aborted):
            self._feed_row(row, min(_PREFILL_CHUNK, len(slot.pending_ids) - 1))

    def _feed_row(self, row: int, n_tokens: int) -> torch.Tensor:
        slot = self._slots[row]
        chunk = slot.pending_ids[:n_tokens]
        start = len(slot.cached_ids)
        self._cache.aim_row(row, start, n_tokens)
        slot.cached_ids += chunk
        del slot.pending_ids[:n_tokens]
        return self._forward([chunk], [list(range(start, start + n_tokens))])

    def _decode_step(self) -> None:
        """Feed one token to every active row, to a lone one all it has, and sample wherever nothing is left to feed."""
        import torch

        self._clock += 1
        slots = self._slots[: self._n_active]
        if len(slots) == 1:
            logits = self._feed_row(0, min(_PREFILL_CHUNK, len(slots[0].pending_ids)))
        else:
            lengths = [len(slot.cached_ids) for slot in slots]
            positions = torch.tensor(lengths, device=self._model.device)
            longest = max(lengths) + 1
            self._cache.aim_step(torch.arange(len(slots), device=self._model.device), positions, longest)
            beyond = torch.arange(longest, device=self._model.device) > positions[:, None]
            # Added to the scores. As numbers, not booleans: sdpa would convert those anew in every layer.
            mask = torch.zeros(beyond.shape, device=beyond.device, dtype=self._model.dtype).masked_fill_(beyond, -torch.inf)
            fed = [slot.pending_ids.pop(0) for slot in slots]
            logits = self._forward([[token_id] for token_id in fed], [[n] for n in lengths], mask[:, None, None])
            for slot, token_id in zip(slots, fed, strict=True):
                slot.cached_ids.append(token_id)
        for slot in slots:
            slot.last_used = self._clock
        self._sample([row for row, slot in enumerate(slots) if not slot.pending_ids], logits)

    def _sample(self, rows: list[int], logits: torch.Tensor) -> None:
        if not rows:
            return
        jobs = [job for row in rows if (job := self._slots[row].job) is not None]
        logits = logits[rows] if len(rows) < len(logits) else logits
        asked = [n for n, job in enumerate(jobs) if job.request.logprobs]
        unmasked = logits[asked] if asked else None  # a copy: picking masks in place
        picked = pick_tokens(
            logits,
            [job.request.sampling for job in jobs],
            [len(self._slots[row].cached_ids) for row in rows],
            [job.request.stop_ids if job.sampled < job.request.min_tokens else frozenset() for job in jobs],
            self._vocabulary,
        )
        logprobs: list[tuple[float, ...] | None] = [None] * len(jobs)
        if unmasked is not None:
            for n, value in zip(asked, log_probabilities(unmasked, [picked[n] for n in asked]), strict=True):
                logprobs[n] = (value,)
        for n in reversed(range(len(rows))):  # retiring a row moves only later ones
            self._deliver(rows[n], jobs[n], picked[n], logprobs[n])

    def _deliver(self, row: int, job: Job, token_id: int, logprobs: tuple[float, ...] | None) -> None:
        slot, request = self._slots[row], job.request
        if token_id in request.stop_ids:
            segment = Segment((), FinishReason.STOP, token_id, logprobs)
        else:
            job.sampled += 1
            slot.pending_ids.append(token_id)
            over = job.sampled >= request.max_new_tokens or len(slot.cached_ids) + 1 >= self._context_length
            segment = Segment((token_id,), FinishReason.LENGTH if over else None, logprobs=logprobs)
        job.sink(segment)
        if segment.finish_reason:
            self._retire(row)

    def _retire(self, row: int) -> None:
        """End a row's job and keep its cache behind the active rows."""
        slot = self._slots[row]
        slot.job, slot.pending_ids = None, []
        self._n_active -= 1
        self._swap(row, self._n_active)

    def _swap(self, a: int, b: int) -> None:
        if a == b:
            return
        slots = self._slots
        self._cache.swap(a, b, max(len(slots[a].cached_ids), len(slots[b].cached_ids)))
        slots[a], slots[b] = slots[b], slots[a]

    def _forward(self, ids: list[list[int]], positions: list[list[int]], mask: torch.Tensor | None = None) -> torch.Tensor:
        """One forward pass: ids and positions [batch, new tokens] to logits [batch, embedding size] of each row's last token."""
        import torch

        self.tokens_fed += len(ids) * len(ids[0])
        logits: torch.Tensor = self._model(
            input_ids=torch.tensor(ids, device=self._model.device),
            position_ids=torch.tensor(positions, device=self._model.device),
            attention_mask=mask,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits
        return logits[:, -1]


def _common_prefix(a: list[int], b: list[int]) -> int:
    """Length of the longest common prefix."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    return next(i for i in range(n) if a[i] != b[i])
