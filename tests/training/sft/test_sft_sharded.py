"""FSDP2 on two CPU processes: the same training as one process, sharded checkpoints, resumed as if never interrupted."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import Qwen2ForCausalLM

from tests.training.sft.test_sft import ROWS, make_model
from training.curation.records import write_rows
from training.recipes import SftSettings
from training.sft.train import train


@pytest.mark.slow  # three trainings, two of them in two processes
def test_sharded_equals_one_process_and_resumes(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", ROWS[:8])
    settings = SftSettings(
        model=str(make_model(tmp_path / "model", layers=2, tied=False)), data=tmp_path / "rows.jsonl", output=tmp_path / "one",
        epochs=2, learning_rate=1e-2, batch_size=2, max_length=256, precision="fp32", device="cpu", seed=3, save_steps=3,
        trainer={"disable_tqdm": True},
    )  # fmt: skip
    alone = train(settings)
    sharded = {
        "batch_size": 1, "world_size": 2, "distributed_type": "FSDP", "device": "auto", "activation_checkpointing": True,
        "output": str(tmp_path / "two"), "data": str(settings.data), "adam_betas": [0.9, 0.95],
    }  # fmt: skip
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps({"sft": dataclasses.asdict(settings) | sharded}), encoding="utf-8")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run = subprocess.run(
        [*launch, "-m", "tests.training.sft.fsdp_on_cpu", str(recipe), str(tmp_path / "seen.json")],
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-4000:]
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["whole"] == pytest.approx(alone, abs=1e-5)
    assert seen["resumed"] == pytest.approx(seen["whole"], abs=1e-5)
    assert seen["sharded"] and seen["one_reader"] and "FSDPQwen2DecoderLayer" in seen["layers"]
    assert len(seen["files"]) == 4  # weights and optimizer, a part by each process
    one, two = (Qwen2ForCausalLM.from_pretrained(tmp_path / name).state_dict() for name in ("one", "two"))
    assert one.keys() == two.keys() and all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)
