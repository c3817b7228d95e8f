"""The training loop both stages share: data-parallel, resumable, logged.

Knows batches, a network and a schedule; knows neither documents nor domains. Each process has one thread; gradients are summed
over the processes once per step and divided by the number of targets, so that every target weighs the same.
"""

from __future__ import annotations

import ctypes
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from tqdm import tqdm
from transformers import PreTrainedModel

from training.mini.pretraining.batching import IGNORED, Batch, Position
from training.mini.pretraining.fast_forward import FastForward
from training.mini.pretraining.network import make_optimisers
from training.mini.recipe import Optimisation, Recipe

LOG_EVERY = 50
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # of glibc's malloc.h


@dataclass
class Progress:
    """How far a stage is; saved with every checkpoint."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0


def learning_rate_factor(progress: Progress, knobs: Optimisation) -> float:
    """Warm-up, then constant, then a straight line to zero over the last `decay_fraction` of the tokens."""
    left = max(0.0, 1 - progress.tokens / knobs.total_tokens)
    decay = min(1.0, left / knobs.decay_fraction) if knobs.decay_fraction else 1.0
    return decay * min(1.0, (progress.step + 1) / max(1, knobs.warmup_steps))


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the next step; handing it back and faulting it in again is slow."""
    for parameter, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 2**28)):
        _call_glibc("mallopt", parameter, value)


def return_freed_memory() -> None:
    """Hand freed memory back once in a while: attention's changing shapes leave holes, 4 GB of them after 40 minutes."""
    _call_glibc("malloc_trim", 0)


def _call_glibc(name: str, *arguments: int) -> None:
    """Call a function that only glibc has; elsewhere nothing happens."""
    if function := getattr(ctypes.CDLL(None), name, None):
        function(*arguments)


class Trainer:
    """Runs one stage in one process."""

    def __init__(self, recipe: Recipe, knobs: Optimisation, network: PreTrainedModel, stage: str, *, resume: bool) -> None:
        """Set up optimisers and continue from the stage's checkpoint if there is one and `resume` is set."""
        self.recipe, self.knobs, self.network, self.stage = recipe, knobs, network, stage
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self.optimisers = make_optimisers(network, knobs.muon_lr, knobs.adamw_lr, knobs.muon_weight_decay)
        self.peaks = [optimiser.param_groups[0]["lr"] for optimiser in self.optimisers]
        self.progress, self.position = Progress(), Position()
        self.checkpoint = recipe.run_folder / f"{stage}.pt"
        self.log = recipe.run_folder / f"{stage}.jsonl"
        if resume and self.checkpoint.exists():
            self._load()
        keep_freed_memory()
        self.forward = FastForward(network, bf16=recipe.bf16, compiled=recipe.compile)

    def run(self, batches: Iterator[Batch]) -> None:
        """Train until the stage's tokens are used up or the batches end."""
        self.network.train()
        started, saved, loss_sum, targets = time.monotonic() - self.progress.seconds, time.monotonic(), 0.0, 0
        done, total = self.progress.tokens, self.knobs.total_tokens
        bar = tqdm(total=total, initial=done, unit="tok", unit_scale=True, disable=self.rank > 0)
        while self.progress.tokens < self.knobs.total_tokens:
            batch = next(batches, None)
            if batch is None:
                break
            totals = self._step(batch)
            n_tokens = int(totals[2])
            loss_sum, targets = loss_sum + float(totals[0]), targets + int(totals[1])
            self.progress.step, self.progress.tokens = self.progress.step + 1, self.progress.tokens + n_tokens
            self.progress.seconds = time.monotonic() - started
            bar.update(n_tokens)
            if self.progress.step % LOG_EVERY == 0:
                self._log(loss_sum / max(1, targets))
                loss_sum, targets = 0.0, 0
                if self._agree(time.monotonic() - saved > 60 * self.recipe.checkpoint_minutes):
                    self._save()
                    return_freed_memory()
                    saved = time.monotonic()
        bar.close()
        self._save()

    def _step(self, batch: Batch) -> torch.Tensor:
        """One update.

        Returns:
            Loss sum, number of targets and number of tokens over all processes.
        """
        factor = learning_rate_factor(self.progress, self.knobs)
        loss = self.forward(batch)
        torch.autograd.backward(loss)
        parameters = [p for p in self.network.parameters() if p.grad is not None]
        counts = torch.tensor([float(loss.detach()), float((batch.targets != IGNORED).sum()), float(batch.n_tokens)])
        flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None] + [counts])
        dist.all_reduce(flat)
        counts = flat[-3:]
        offset = 0
        for p in parameters:
            p.grad = (flat[offset : offset + p.numel()] / counts[1]).view_as(p)
            offset += p.numel()
        for optimiser, peak in zip(self.optimisers, self.peaks, strict=True):
            optimiser.param_groups[0]["lr"] = peak * factor
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return counts

    def _agree(self, decision: bool) -> bool:
        """The first process decides for all, since clocks differ."""
        flag = torch.tensor([int(decision)])
        dist.broadcast(flag, 0)
        return bool(flag.item())

    def _log(self, loss: float) -> None:
        if self.rank == 0:
            p = self.progress
            line = {"step": p.step, "tokens": p.tokens, "loss": round(loss, 5), "seconds": round(p.seconds, 1)}
            line["lr_factor"] = round(learning_rate_factor(p, self.knobs), 4)
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        """Weights, optimisers, progress and every process's place in its stream, replaced in one move."""
        positions: list[Any] = [None] * self.world
        dist.all_gather_object(positions, self.position)
        if self.rank == 0:
            state = {
                "network": self.network.state_dict(),
                "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                "progress": vars(self.progress),
                "positions": [vars(position) for position in positions],
                "torch_rng": torch.get_rng_state(),
            }
            fresh = self.checkpoint.with_suffix(".new")
            torch.save(state, fresh)
            fresh.replace(self.checkpoint)

    def _load(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])
        self.position = Position(**state["positions"][self.rank])
        torch.set_rng_state(state["torch_rng"])
