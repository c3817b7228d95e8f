"""One vLLM engine on the embedded model for all tests of a run: starting it is what costs."""

from __future__ import annotations

from functools import cache

from s1demo.engines.vllm.engine import VLLMEngine
from s1demo.settings import Settings


@cache
def shared_vllm() -> VLLMEngine:
    """In a thread of this process, fp32; ends with the process."""
    return VLLMEngine(Settings())
