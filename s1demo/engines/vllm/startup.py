"""Starts vLLM, quietly, and says in one sentence what is missing where it cannot.

Works with vLLM 0.24 to 0.33: only arguments and names that all of them have. Knows nothing of requests.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from s1demo.engines.tokenization import not_a_folder
from s1demo.engines.vllm.loops import InProcessLoop, MultiProcessLoop, VLLMLoop
from s1demo.errors import InputError, ModelError, first_line
from s1demo.settings import Settings

_CPU_KV_CACHE_GIB = 1.0
_WEIGHTS = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
_CAUSE = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception)): (.+)$", re.MULTILINE)
_REMEDIES = (
    (
        r"out of memory|[Nn]o available memory for the cache",
        "Use more GPUs (S1_VLLM_TENSOR_PARALLEL_SIZE), a quantised checkpoint or a smaller model.",
    ),
    (
        r"is less than desired",
        "Other programs hold GPU memory: end them or lower S1_VLLM_GPU_MEMORY_UTILIZATION.",
    ),
    (
        r"maximum model length is|max seq len",
        "One full context does not fit into the memory for the KV cache: lower S1_VLLM_MAX_MODEL_LEN, raise "
        "S1_VLLM_KV_CACHE_GIB (CPU) or use more GPUs (S1_VLLM_TENSOR_PARALLEL_SIZE).",
    ),
    (r"[Aa]vailable memory", "Lower S1_VLLM_KV_CACHE_GIB or end other programs."),
    (
        r"number of available GPUs|divisible by tensor parallel|tensor parallel size",
        "Set S1_VLLM_TENSOR_PARALLEL_SIZE to a number of GPUs that this machine has and that divides the attention heads.",
    ),
    (r"max_model_len", "Lower S1_VLLM_MAX_MODEL_LEN."),
    (r"[Qq]uantization|config file for", "Leave S1_VLLM_QUANTIZATION empty to take what the checkpoint says."),
)


def start_vllm(settings: Settings, processes: bool | None) -> VLLMLoop:
    """Load a model into a running vLLM.

    Args:
        settings: those of the model, and `vllm_...`.
        processes: vLLM in processes of its own, None for that on a GPU only.

    Raises:
        InputError: `vllm_options` is not a JSON object.
        ModelError: vLLM or a GPU is missing, or the model cannot be loaded; the message says what to do.
    """
    model, more_arguments = settings.model_path, _more_arguments(settings.vllm_options)
    with _captured_output(show=settings.vllm_log):
        on_cpu = _platform().is_cpu()
    arguments = _engine_arguments(_fetch(model), settings, on_cpu) | more_arguments
    if not settings.vllm_log:
        print("Starting vLLM; a large model takes minutes (S1_VLLM_LOG=1 shows vLLM's log).", file=sys.stderr, flush=True)
    with _captured_output(show=settings.vllm_log) as output:
        if processes is None:
            processes = not on_cpu
        try:
            if processes:
                return MultiProcessLoop(partial(_multi_process, arguments))
            return InProcessLoop(partial(_in_process, arguments, settings.torch_threads))
        except Exception as error:  # many kinds for few causes: memory, GPUs, an unknown architecture or option
            raise ModelError(_explain(model, error, output())) from error


def n_parameters(folder: str) -> int | None:
    """The number of weights in a model folder's safetensors files; None for quantised ones, whose numbers are packed."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8")) if Path(folder).is_dir() else None
    if config is None or "quantization_config" in config:
        return None
    from safetensors import safe_open

    total = 0
    for path in sorted(Path(folder).glob("*.safetensors")):
        with safe_open(path, framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118 - not a dict
                total += math.prod(weights.get_slice(name).get_shape())
    return total or None


def device_name(config: Any) -> str:
    """What runs the model, such as `CPU` or `4 x NVIDIA H100 80GB HBM3`.

    Args:
        config: a running vLLM's configuration.
    """
    platform = _platform()
    if platform.is_cpu():
        return "CPU"
    n_devices = config.parallel_config.world_size
    return f"{n_devices} x {platform.get_device_name()}" if n_devices > 1 else str(platform.get_device_name())


def _fetch(model: str) -> str:
    """The folder of a model, downloaded with a progress bar where it is a Hub id that is not cached."""
    if Path(model).is_dir():
        return model
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(model, allow_patterns=_WEIGHTS)
    except Exception as error:  # no network, no such repository, no access, no room on the disk
        raise ModelError(
            f"Cannot fetch {model!r}{not_a_folder(model)}: {first_line(error)} "
            "Check the name and the network, or name a folder that holds the model."
        ) from error
    return folder if any(Path(folder).glob("*.safetensors")) else model


def _platform() -> Any:
    """What this build of vLLM found to run on."""
    try:
        import vllm
        from vllm.platforms import current_platform
    except (ImportError, OSError, RuntimeError) as error:  # not there, or built for another torch or machine
        if isinstance(error, ImportError) and error.name == "vllm":
            raise ModelError(
                "vLLM is not installed. On a machine with a GPU: pip install -r requirements-gpu.txt. "
                "Without one: see requirements-vllm-cpu.txt."
            ) from error
        raise ModelError(f"The installed vLLM does not load: {first_line(error)}. Install it again.") from error
    if current_platform.is_unspecified():
        raise ModelError(
            f"vLLM {vllm.__version__} is a GPU build and there is no GPU it can use here. Check the driver (nvidia-smi), install "
            "the CPU build (requirements-vllm-cpu.txt), or leave S1_ENGINE at transformers."
        )
    return current_platform


def _more_arguments(options: str) -> dict[str, Any]:
    """`vllm_options` as keyword arguments of vLLM's engine."""
    try:
        arguments = json.loads(options or "{}")
    except ValueError as error:
        raise InputError(f"S1_VLLM_OPTIONS is not JSON: {error}.") from error
    if not isinstance(arguments, dict):
        raise InputError('S1_VLLM_OPTIONS is not a JSON object. Write for example {"kv_cache_dtype": "fp8"}.')
    return arguments


def _engine_arguments(model: str, settings: Settings, on_cpu: bool) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "model": model,
        "dtype": settings.dtype or ("float32" if on_cpu else "auto"),
        "tensor_parallel_size": settings.vllm_tensor_parallel_size,
        "max_num_seqs": settings.vllm_max_num_seqs,
        "enable_prefix_caching": True,  # what makes a continuation cheap
        "skip_tokenizer_init": True,  # ids in, ids out
        "generation_config": "vllm",  # no defaults from the checkpoint
        "disable_log_stats": True,
        "use_tqdm_on_load": settings.vllm_log,
    }
    set_by_choice = {  # empty or 0: what vLLM itself does
        "kv_cache_memory_bytes": int((settings.vllm_kv_cache_gib or (_CPU_KV_CACHE_GIB if on_cpu else 0)) * 2**30),
        "enforce_eager": on_cpu,  # compiling takes a minute
        "gpu_memory_utilization": 0 if on_cpu else settings.vllm_gpu_memory_utilization,
        "max_model_len": settings.vllm_max_model_len,
        "quantization": settings.vllm_quantization,
    }
    return arguments | {name: value for name, value in set_by_choice.items() if value}


def _multi_process(arguments: dict[str, Any]) -> Any:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    llm = AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))
    llm.input_processor.generation_config_fields = {}  # or min_tokens would mask more stops than the request's
    return llm


def _in_process(arguments: dict[str, Any], torch_threads: int) -> Any:
    import torch
    from torch._dynamo import config as dynamo
    from vllm.engine.arg_utils import EngineArgs
    from vllm.v1.engine.llm_engine import LLMEngine
    from vllm.v1.executor.uniproc_executor import UniProcExecutor

    if arguments.get("enforce_eager"):
        dynamo.disable = True  # vLLM would compile its log probabilities even so: slow, and it takes a C++ compiler
    torch.set_num_threads(torch_threads)
    set_num_threads = torch.set_num_threads
    try:
        # Named as a class, the executor stays in this process; vLLM's CPU platform turns the name "uni" into "mp".
        config = EngineArgs(**arguments, distributed_executor_backend=UniProcExecutor).create_engine_config()
        llm = LLMEngine(config, UniProcExecutor, log_stats=False, multiprocess_mode=False)
    finally:
        torch.set_num_threads = set_num_threads  # vLLM's CPU worker takes it away from the whole process
    llm.input_processor.generation_config_fields = {}  # or min_tokens would mask more stops than the request's
    return llm


@contextlib.contextmanager
def _captured_output(show: bool) -> Iterator[Callable[[], str]]:
    """Keep what vLLM and its processes print off the terminal, where `--json` may be writing; yields what returns it."""
    if show:
        yield lambda: ""
        return
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        saved = [(fd, os.dup(fd)) for fd in (1, 2)]

        def output() -> str:
            return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode("utf-8", "replace")

        try:
            for fd, _ in saved:
                os.dup2(file.fileno(), fd)
            # In a notebook or a test Python prints elsewhere; vLLM's log keeps the stream it meets here.
            stdout, stderr = (os.fdopen(fd, "w", buffering=1, closefd=False) for fd in (1, 2))
            with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
                yield output
        finally:
            logging.getLogger("vllm").setLevel(logging.CRITICAL)  # in this process; the others go on printing to the file
            sys.stdout.flush()
            sys.stderr.flush()
            for fd, copy in saved:
                os.dup2(copy, fd)
                os.close(copy)


def _explain(model: str, error: Exception, output: str) -> str:
    """One sentence on why vLLM did not start and one on what to do; the cause may be in what its processes printed."""
    text = str(error)
    if (pydantic := re.search(r"Value error, (.*?)(?: \[type=|$)", text, re.DOTALL)) is not None:
        text = pydantic.group(1)
    if "initialization failed" in text:
        causes = [match.group(2) for match in _CAUSE.finditer(re.sub(r"\x1b\[[\d;]*m", "", output))]
        text = next((cause for cause in reversed(causes) if "initialization failed" not in cause), text)
    reason = first_line(error, text)[:400].rstrip(". ")
    remedy = next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, reason)), "S1_VLLM_LOG=1 shows vLLM's own log.")
    return f"vLLM cannot start {model!r}: {reason}. {remedy}"
