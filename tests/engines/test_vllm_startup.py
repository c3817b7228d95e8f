"""Starting vLLM as far as it needs no vLLM: its settings, and errors in one line."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from s1demo.engines import open_engine
from s1demo.engines.vllm.startup import _captured_output, _explain, n_parameters
from s1demo.errors import InputError, ModelError
from s1demo.settings import EMBEDDED_MODEL, Settings


@pytest.mark.parametrize("options, words", [("[1]", "not a JSON object"), ("{nope", "S1_VLLM_OPTIONS is not JSON")])
def test_options_that_are_no_object_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        open_engine(Settings(engine="vllm", vllm_options=options))


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
def test_without_vllm_the_error_says_what_to_install():
    with pytest.raises(ModelError, match=r"pip install -r requirements-gpu.txt"):
        open_engine(Settings(engine="vllm"))


def test_a_hub_model_without_network_is_one_clear_line():
    with pytest.raises(ModelError, match="taken for a Hub id") as failure:
        open_engine(Settings(engine="vllm", model="simplescaling/s1-32B"))
    assert "\n" not in str(failure.value)


def test_what_is_printed_during_the_start_is_kept_from_the_terminal(capfd):
    with _captured_output(show=False) as output:
        print("from python")
        subprocess.run(["sh", "-c", "echo from a process; echo its error >&2"], check=True)
    print("after")
    assert capfd.readouterr() == ("after\n", "")
    with _captured_output(show=False) as output:
        print("from python", file=sys.stderr)
        subprocess.run(["sh", "-c", "echo from a process"], check=True)
        assert output() == "from python\nfrom a process\n"


ROOT_CAUSE = """(EngineCore pid=7) Traceback (most recent call last):
(EngineCore pid=7)   File "worker.py", line 1, in load
\x1b[0;36m(EngineCore pid=7)\x1b[0;0m torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 270.00 MiB. GPU 0 has 79.1 GiB.
Process EngineCore:
RuntimeError: WorkerProc initialization failed due to an exception in a background process. See stack trace for root cause.
"""


@pytest.mark.parametrize(
    "error, output, words",
    [
        ("Engine core initialization failed. See root cause above.", ROOT_CAUSE, ("CUDA out of memory", "S1_VLLM_TENSOR_PARALLEL_SIZE")),
        ("Engine core initialization failed. See root cause above.", "", ("Engine core", "S1_VLLM_LOG=1")),
        ("Free memory on device cuda:0 (3.2/79.1 GiB) on startup is less than desired GPU memory utilization (0.9, 71 GiB).", "", ("S1_VLLM_GPU_MEMORY_UTILIZATION",)),
        ("To serve at least one request with the models's max seq len (32768), (8.0 GiB KV cache is needed, which is larger than the available KV cache memory (5 GiB).", "", ("S1_VLLM_MAX_MODEL_LEN",)),
        ("1 validation error for ModelConfig\n  Value error, User-specified max_model_len (5000) is greater than 1024. [type=value_error, input_value=...]", "", ("(5000)", "Lower S1_VLLM_MAX_MODEL_LEN")),
        ("World size (8) is larger than the number of available GPUs (2) in this node.", "", ("S1_VLLM_TENSOR_PARALLEL_SIZE",)),
        ("", "", ("RuntimeError",)),
    ],
)
def test_vllms_reasons_come_with_a_remedy_in_one_line(error, output, words):
    sentence = _explain("some/model", RuntimeError(error), output)
    assert all(word in sentence for word in ("some/model", *words)) and "\n" not in sentence and "\x1b" not in sentence


def test_parameters_are_counted_from_the_files(engine):
    assert n_parameters(EMBEDDED_MODEL) == engine.info.parameters
