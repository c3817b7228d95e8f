"""Engines: whatever turns token ids into more token ids. `open_engine` is the one place that chooses."""

from __future__ import annotations

from s1demo.engines.base import Engine
from s1demo.settings import Settings

__all__ = ["Engine", "open_engine"]


def open_engine(settings: Settings) -> Engine:
    """Open the engine that the settings name; only that engine's libraries are imported.

    Raises:
        InputError: a setting that cannot work.
        ModelError: the model or recording cannot be loaded; the message says what to do.
    """
    if settings.engine == "replay":
        from s1demo.engines.replay import open_recording

        return open_recording(settings)
    if settings.engine == "vllm":
        from s1demo.engines.vllm.engine import VLLMEngine

        return VLLMEngine(settings)
    if settings.engine == "openai":
        from s1demo.engines.servers.engine import OpenAIEngine

        return OpenAIEngine(settings)
    from s1demo.engines.local.engine import TransformersEngine

    return TransformersEngine(settings)
