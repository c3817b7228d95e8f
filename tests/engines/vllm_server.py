"""vLLM's own OpenAI-compatible server on the embedded model, as a process group that tests may kill, pause and start again."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import httpx

from s1demo.settings import EMBEDDED_MODEL

START_SECONDS = 1500  # it takes 44 on two free cores
MAX_NUM_SEQS = 4  # more requests than this have to wait for each other


class VLLMServer:
    """One server on loopback, fp32; it ends with this process."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = Path(tempfile.mkdtemp(prefix="vllm-server-")) / "log"
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.kill)

    def start(self) -> VLLMServer:
        """Begin to start; on the same port each time."""
        options = {
            "--model": EMBEDDED_MODEL,
            "--served-model-name": "s1-mini",
            "--host": "127.0.0.1",
            "--port": str(self.port),
            "--dtype": "float32",
            "--kv-cache-memory-bytes": str(256 << 20),
            "--max-num-seqs": str(MAX_NUM_SEQS),
        }
        arguments = [part for option in options.items() for part in option]
        settings = {"OMP_NUM_THREADS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *arguments, "--enforce-eager"],
                env=os.environ | settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def ready(self) -> VLLMServer:
        """Wait until it serves."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health", trust_env=False, timeout=60).status_code == 200:
                    return self
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"The vLLM server died:\n{self._log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.5)
        raise TimeoutError(f"The vLLM server did not start:\n{self._log.read_text(errors='replace')[-4000:]}")

    def kill(self) -> None:
        """SIGKILL to the server and its engine process."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It stays connected and does nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def running_requests(self) -> int:
        """Requests it decodes or keeps waiting, by its own metrics."""
        lines = httpx.get(f"{self.url}/metrics", trust_env=False, timeout=60).text.splitlines()
        counted = [line for line in lines if line.startswith(("vllm:num_requests_running", "vllm:num_requests_waiting{"))]
        assert counted, "the metrics have other names now"
        return int(sum(float(line.split()[-1]) for line in counted))

    def _signal(self, number: int) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


@cache
def shared_server() -> VLLMServer:
    """One server for all tests of a run; whoever kills it starts it again."""
    return VLLMServer().start()
