"""Engines: whatever turns token ids into more token ids. `open_engine` is the one place that chooses."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from s1demo.engines.base import Engine
from s1demo.settings import EMBEDDED_MODEL, Settings

__all__ = ["Engine", "open_engine"]


def open_engine(settings: Settings) -> Engine:
    """Open the engine the settings name.

    Args:
        settings: which engine and model, and where.

    Raises:
        ModelError: the model or recording cannot be loaded; the message says what to do.
    """
    if settings.engine == "replay":
        from s1demo.engines.replay import recorded_info, replay
        from s1demo.engines.tokenization import HubTokenizer
        from s1demo.traces import read_traces

        traces = list(read_traces(Path(settings.model_path)))
        embedded = Path(EMBEDDED_MODEL)
        model = recorded_info(traces).model
        return replay(traces, HubTokenizer(str(embedded) if model == embedded.name else model), settings.replay_speed)
    if settings.engine == "vllm":
        from s1demo.engines.vllm.engine import VLLMEngine
        from s1demo.engines.vllm.startup import VLLMOptions

        return VLLMEngine(
            settings.model_path,
            format=settings.format or None,
            dtype=settings.dtype or None,
            torch_threads=settings.torch_threads,
            options=VLLMOptions(**{field.name: getattr(settings, f"vllm_{field.name}") for field in fields(VLLMOptions)}),
        )
    if settings.engine == "openai":
        from s1demo.engines.servers.engine import OpenAIEngine

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
    from s1demo.engines.local.engine import TransformersEngine

    return TransformersEngine(
        settings.model_path,
        format=settings.format or None,
        device=settings.device or None,
        dtype=settings.dtype or None,
        torch_threads=settings.torch_threads,
        max_active=settings.max_concurrent_requests,
    )

