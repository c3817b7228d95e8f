"""Engines: whatever turns token ids into more token ids. `open_engine` is the one place that chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from s1demo.engines.base import Engine, EngineInfo, EngineTokenizer
from s1demo.errors import ModelError
from s1demo.settings import EMBEDDED_MODEL, Settings

if TYPE_CHECKING:
    from s1demo.traces import Trace  # traces know EngineInfo, so they import this package

__all__ = ["Engine", "open_engine", "replay"]


def open_engine(settings: Settings) -> Engine:
    """Open the engine the settings name.

    Args:
        settings: which engine and model, and where.

    Raises:
        ModelError: the model or recording cannot be loaded; the message says what to do.
    """
    if settings.engine == "replay":
        from s1demo.engines.tokenization import HubTokenizer
        from s1demo.traces import read_traces

        traces = list(read_traces(Path(settings.model_path)))
        embedded = Path(EMBEDDED_MODEL)
        model = _recorded_info(traces).model
        return replay(traces, HubTokenizer(str(embedded) if model == embedded.name else model), settings.replay_speed)
    if settings.engine == "vllm":
        from s1demo.engines.vllm_engine import VLLMEngine
        from s1demo.engines.vllm_startup import VLLMOptions

        return VLLMEngine(
            settings.model_path,
            format=settings.format or None,
            dtype=settings.dtype or None,
            torch_threads=settings.torch_threads,
            options=VLLMOptions(**{field.name: getattr(settings, f"vllm_{field.name}") for field in fields(VLLMOptions)}),
        )
    if settings.engine == "openai":
        from s1demo.engines.openai_engine import OpenAIEngine

        return OpenAIEngine(
            settings.base_urls,
            model=settings.model,
            tokenizer=settings.tokenizer,
            format=settings.format or None,
            api_key=settings.api_key,
            context_length=settings.server_context_length or None,
            token_seconds=settings.server_token_seconds,
            patience_seconds=settings.server_patience_seconds,
        )
    from s1demo.engines.transformers_engine import TransformersEngine

    return TransformersEngine(
        settings.model_path,
        format=settings.format or None,
        device=settings.device or None,
        dtype=settings.dtype or None,
        torch_threads=settings.torch_threads,
        max_active=settings.max_concurrent_requests,
    )


def replay(traces: Sequence[Trace], tokenizer: EngineTokenizer, speed: float = 1.0) -> Engine:
    """An engine that plays recorded traces.

    Args:
        traces: the recordings, all of one model.
        tokenizer: the tokenizer of that model.
        speed: how many times faster than recorded; 0 without waiting.

    Raises:
        ModelError: there are none, or they come from different models.
    """
    from s1demo.engines.replay_engine import ReplayEngine

    segments = [segment for trace in traces for segment in trace.segments()]
    return ReplayEngine(_recorded_info(traces), segments, tokenizer, sorted({trace.question for trace in traces}), speed)


def _recorded_info(traces: Sequence[Trace]) -> EngineInfo:
    models = {(trace.model, trace.format, trace.context_length) for trace in traces}
    if not models:
        raise ModelError("There are no recorded traces to replay. Record some with: python -m s1demo ask ... --json")
    if len(models) > 1:
        names = ", ".join(sorted(model for model, _, _ in models))
        raise ModelError(f"The recorded traces come from several models ({names}). Replay one model's at a time.")
    ((model, fmt, context_length),) = models
    return EngineInfo(model, "replay", f"recorded on {traces[0].device}", None, context_length, fmt, samples_by_position=True)
