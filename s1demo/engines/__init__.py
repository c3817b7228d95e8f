"""Engines: whatever turns token ids into more token ids. `open_engine` is the one place that chooses."""

from __future__ import annotations

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
        return _open_replay(settings)
    from s1demo.engines.transformers_engine import TransformersEngine

    return TransformersEngine(
        settings.model_path,
        format=settings.format or None,
        device=settings.device or None,
        dtype=settings.dtype or None,
        torch_threads=settings.torch_threads,
        max_active=settings.max_concurrent_requests,
    )


def _open_replay(settings: Settings) -> Engine:
    from s1demo.engines.replay_engine import ReplayEngine
    from s1demo.engines.tokenization import HubTokenizer
    from s1demo.traces import read_traces

    traces = list(read_traces(Path(settings.model_path)))
    recorded = traces[0].model if traces else ""
    embedded = Path(EMBEDDED_MODEL)
    return ReplayEngine(
        traces, HubTokenizer(str(embedded) if recorded in ("", embedded.name) else recorded), settings.replay_speed
    )
