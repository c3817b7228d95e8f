"""Every setting of the exhibit, its default and what it means: the only reader of environment variables."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from s1demo.errors import InputError

ASSETS = Path(__file__).resolve().parent.parent / "assets"
EMBEDDED_MODEL = str(ASSETS / "s1-mini")
EMBEDDED_RECORDING = str(ASSETS / "recorded" / "showcase.jsonl")
ENGINES = ("transformers", "vllm", "openai", "replay")


def _at_least(smallest: float, *, default: float) -> Any:
    """A number that must not be below the smallest."""
    return field(default=default, metadata={"smallest": smallest})


@dataclass(frozen=True)
class Settings:
    """All settings; `from_env` reads each from the environment variable `S1_<NAME>`, `no_color` also from the usual NO_COLOR.

    Attributes:
        engine: what decodes: transformers, vllm, openai (OpenAI-compatible servers), or replay (recorded traces, no model).
        model: a model folder or Hub id; with the replay engine, a file of recorded traces. Empty: the embedded one, with the
            openai engine the one that is served.
        format: thinking format of the model, empty to decide by its vocabulary.
        device: torch device, empty for a GPU where there is one.
        dtype: torch dtype of the weights, empty for float32 on CPU and the checkpoint's own on a GPU.
        torch_threads: threads of one decode step on CPU; more than one is slower on a shared machine.
        max_concurrent_requests: sequences decoded in one batch; more wait their turn.
        max_concurrent_runs: comparisons streamed at once; more visitors queue.
        max_queued_runs: visitors who may queue before the exhibit says it is full.
        max_question_chars: longest question taken.
        max_run_seconds: a run in the app is ended after this time.
        sweeps_folder: where the page keeps the journals of its sweeps, so that they go on after a restart; empty for a private
            temporary folder that ends with the app.
        replay_speed: how many times faster than recorded a replay plays; 0 without waiting.
        vllm_tensor_parallel_size: GPUs that share one model with vLLM; it must divide the model's attention heads.
        vllm_max_model_len: longest context in tokens that vLLM keeps memory for; 0 for the model's own.
        vllm_gpu_memory_utilization: share of each GPU's memory that vLLM takes for weights and KV cache.
        vllm_kv_cache_gib: memory for vLLM's KV cache in GiB; 0 for what the share above leaves, and for 1 GiB on CPU.
        vllm_max_num_seqs: sequences vLLM decodes in one batch (`max_concurrent_requests` is for transformers); more wait.
        vllm_quantization: how the checkpoint is quantised, such as awq, gptq or fp8; empty for what the checkpoint says.
        vllm_options: further arguments of vLLM's engine as a JSON object, such as {"pipeline_parallel_size": 2}; they win.
        vllm_log: let vLLM print its log.
        base_urls: with the openai engine, the servers' addresses with commas between, such as http://node1:8000,http://node2:8000.
        api_key: the key those servers ask for; never shown.
        tokenizer: folder or Hub id of the served model's tokenizer, empty for the model's own.
        server_context_length: the served model's context in tokens, 0 for what the servers report.
        server_token_seconds: a server that sends no token for that long, its queue included, counts as broken, and another one
            continues the text.
        server_patience_seconds: how long a text may go without a new token, over all tries, before it fails.
        host, port: where the app listens; empty and 0 leave it to Gradio (127.0.0.1, the first free port from 7860).
        repository: where this source is on the web, such as https://github.com/owner/name/blob/main, for links to its lines;
            empty names file and line only.
        open_browser: open the app in a browser once it is up.
        no_color: no colours on the terminal.
    """

    engine: str = "transformers"
    model: str = ""
    format: str = ""
    device: str = ""
    dtype: str = ""
    torch_threads: int = _at_least(1, default=1)
    max_concurrent_requests: int = _at_least(1, default=16)
    max_concurrent_runs: int = _at_least(1, default=32)
    max_queued_runs: int = _at_least(1, default=100)
    max_question_chars: int = _at_least(1, default=4000)
    max_run_seconds: float = _at_least(0.1, default=600.0)
    sweeps_folder: str = ""
    replay_speed: float = _at_least(0, default=1.0)
    vllm_tensor_parallel_size: int = _at_least(1, default=1)
    vllm_max_model_len: int = _at_least(0, default=0)
    vllm_gpu_memory_utilization: float = _at_least(0.01, default=0.9)
    vllm_kv_cache_gib: float = _at_least(0, default=0.0)
    vllm_max_num_seqs: int = _at_least(1, default=256)
    vllm_quantization: str = ""
    vllm_options: str = ""
    vllm_log: bool = False
    base_urls: str = field(default="", repr=False)  # may hold a password
    api_key: str = field(default="", repr=False)
    tokenizer: str = ""
    server_context_length: int = _at_least(0, default=0)
    server_token_seconds: float = _at_least(0.1, default=60.0)
    server_patience_seconds: float = _at_least(0, default=180.0)
    host: str = ""
    port: int = _at_least(0, default=0)
    repository: str = ""
    open_browser: bool = False
    no_color: bool = False

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise InputError(f"Unknown engine {self.engine!r}. Choose one of: {', '.join(ENGINES)}.")
        if self.repository and not self.repository.startswith(("https://", "http://")):
            raise InputError(f"S1_REPOSITORY is {self.repository!r}. Give an address that begins with https://, or nothing.")
        for setting in fields(self):
            value, smallest = getattr(self, setting.name), setting.metadata.get("smallest")
            if smallest is not None and not smallest <= value < math.inf:
                raise InputError(f"The setting S1_{setting.name.upper()} is {value}. Give a number from {smallest} up.")
        if self.port > 65535:
            raise InputError(f"The setting S1_PORT is {self.port}. Give 1 to 65535, or 0 for the first free port from 7860.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, /, **chosen: Any) -> Settings:
        """The settings of the environment, with those chosen elsewhere, such as on the command line, over them.

        Args:
            environ: the environment variables, the process's own by default.
            chosen: settings by name; None means that nothing was chosen.

        Raises:
            InputError: a value that cannot be read or used; the message names the variable.
            TypeError: a chosen name that is no setting.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, object] = {}
        for setting in fields(cls):
            name = f"S1_{setting.name.upper()}"
            if name in environ:
                values[setting.name] = _read(name, environ[name], type(setting.default))
        values.setdefault("no_color", bool(environ.get("NO_COLOR")))
        values |= {name: value for name, value in chosen.items() if value is not None}
        return cls(**values)  # type: ignore[arg-type]

    @property
    def model_path(self) -> str:
        """The model or recording to open, the embedded one where none is set; `served` where a server decides."""
        embedded = {"replay": EMBEDDED_RECORDING, "openai": "served"}.get(self.engine, EMBEDDED_MODEL)
        return self.model or embedded


def _read(name: str, text: str, kind: type) -> object:
    if kind is bool:
        if text not in ("0", "1"):
            raise InputError(f"{name} is {text!r}. Give 1 or 0.")
        return text == "1"
    try:
        return kind(text)
    except ValueError as error:
        raise InputError(f"{name} is {text!r}. Give {'a whole number' if kind is int else 'a number'}.") from error
