"""Every recipe is what it says: its keys are known, TRL takes its arguments, and the paper's numbers are the paper's."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import transformers.training_args
import yaml

from s1demo.errors import InputError
from training.recipes import SftSettings, read_section
from training.sft.estimate import GPUS, Device, report
from training.sft.train import main
from training.sft.trainer import adapters, arguments

ROOT = Path(__file__).parents[2]
LAUNCH = ROOT / "training" / "launch"
RECIPES = [path for path in sorted((ROOT / "training" / "recipes").glob("*.yaml")) if "sft" in yaml.safe_load(path.read_text())]
FULL_SIZE = {path.stem: path for path in RECIPES if "32b" in path.stem}
WEIGHTED_AS_IN_THE_PAPER = {"model", "epochs", "warmup", "adam_betas", "weight_decay", "loss_weighting", "precision", "pad_token", "seed"}


def settings_of(name: str) -> SftSettings:
    return read_section(FULL_SIZE[name], "sft", SftSettings)


def test_the_issue_s_recipes_are_there() -> None:
    assert set(FULL_SIZE) == {"s1-32b", "s1.1-32b", "s1-32b-8gpu", "s1-32b-lora", "s1-32b-qlora"}
    assert {"s1-mini", "s1-mini-smoke"} <= {path.stem for path in RECIPES}


def test_whole_numbers_stay_whole() -> None:
    """A checkpoint's note holds them: 5.0 in place of 5 would refuse a run that was begun before."""
    settings = read_section(FULL_SIZE["s1-32b"], "sft", SftSettings, ["epochs=5", "warmup=0"])
    assert "epochs=5, " in repr(settings) and "warmup=0, " in repr(settings)
    assert read_section(FULL_SIZE["s1-32b"], "sft", SftSettings, ["epochs=2.5"]).epochs == 2.5


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_trl_takes_the_arguments(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU transformers refuses bfloat16 on one, so it is told that there is one; nothing else is."""
    monkeypatch.setattr(transformers.training_args, "is_torch_bf16_gpu_available", lambda: True)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "false")
    monkeypatch.setenv("FSDP_CPU_RAM_EFFICIENT_LOADING", "false")
    settings = read_section(recipe, "sft", SftSettings)
    made = arguments(settings)
    assert (made.learning_rate, made.num_train_epochs, made.max_length) == (settings.learning_rate, settings.epochs, settings.max_length)
    assert (made.lr_scheduler_type, made.warmup_steps, made.packing) == ("cosine", 0.05, False)
    assert made.average_tokens_across_devices == (settings.loss_weighting == "token")
    assert made.model_init_kwargs == {"dtype": settings.weights}
    if settings.distributed_type == "FSDP":
        assert made.fsdp_plugin_args == {
            "fsdp_version": 2, "auto_wrap_policy": "TRANSFORMER_BASED_WRAP", "reshard_after_forward": True, "activation_checkpointing": True,
            "cpu_ram_efficient_loading": True, "state_dict_type": "SHARDED_STATE_DICT",
        }  # fmt: skip
        assert not made.gradient_checkpointing and os.environ["ACCELERATE_USE_FSDP"] == "true"
    else:
        assert not made.fsdp and made.gradient_checkpointing == settings.activation_checkpointing
    assert bool(adapters(settings.lora)) == ("lora" in recipe.stem)


def test_the_paper_s_recipe_is_the_paper_s() -> None:
    """Section 4.1, appendix C; the batch of 16 and max_length from simplescaling/s1, train/sft_slurm.sh."""
    paper = settings_of("s1-32b")
    assert (paper.epochs, paper.learning_rate, paper.warmup, paper.weight_decay) == (5, 1e-5, 0.05, 1e-4)
    assert (paper.adam_betas, paper.max_length, paper.weights, paper.precision) == ((0.9, 0.95), 32_768, "float32", "bf16")
    assert (paper.loss_weighting, paper.pad_token, paper.distributed_type) == ("sequence", "<|fim_pad|>", "FSDP")
    for name in FULL_SIZE:
        other = settings_of(name)
        assert other.world_size * other.batch_size * other.gradient_accumulation == 16, "rows per update"
        assert all(getattr(other, key) == getattr(paper, key) for key in WEIGHTED_AS_IN_THE_PAPER)
    changed = {key for key, value in dataclasses.asdict(settings_of("s1.1-32b")).items() if value != dataclasses.asdict(paper)[key]}
    assert changed == {"data", "output", "max_length"} and settings_of("s1.1-32b").max_length == 20_000


@pytest.mark.parametrize("name", ["s1-32b-8gpu", "s1-32b-lora", "s1-32b-qlora"])
def test_what_differs_from_the_paper_says_so(name: str) -> None:
    paper, other = (yaml.safe_load(FULL_SIZE[each].read_text())["sft"] for each in ("s1-32b", name))
    differing = {key for key in other if other[key] != paper.get(key)} - {"data", "output", "distributed_type"}
    assert differing
    for line in FULL_SIZE[name].read_text().splitlines():
        key = line.strip().partition(":")[0]
        assert ("# differs from the paper" in line) == (key in differing and line.startswith("  ")), line


def test_the_recipes_fit_what_they_are_for() -> None:
    """At the longest sample allowed; s1.1's on 80 GB too, and eight GPUs only with 141 GB."""
    devices = {name: Device(name, *GPUS[name]) for name in GPUS}
    for name, gpu in (("s1-32b", "H100"), ("s1.1-32b", "H100"), ("s1-32b-8gpu", "H200"), ("s1-32b-lora", "H200"), ("s1-32b-qlora", "H100")):
        assert "=" in report(settings_of(name), devices[gpu])
    for name in ("s1-32b-8gpu", "s1-32b-lora"):
        with pytest.raises(InputError, match="cannot fit"):
            report(settings_of(name), devices["H100"])


def launch(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "PYTHON": sys.executable, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(["bash", str(LAUNCH / script), *arguments], capture_output=True, text=True, cwd=ROOT, env=known)


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["sft", *arguments])
    monkeypatch.chdir(ROOT)
    main()


def test_a_dry_run_loads_nothing_and_says_what_is_needed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(monkeypatch, "--recipe", str(FULL_SIZE["s1-32b-8gpu"]), "--set", "data=nothing.jsonl", "--dry-run", "--gpu", "H200")
    said = capsys.readouterr().out
    assert "gradient_accumulation=2" in said and "65.5 GB" in said and "nothing.jsonl" in said
    assert "data or tokenizer are not here" in said
    mini = [f"--set={key}" for key in ("model=assets/s1-mini", "data=assets/s1-mini-1k.jsonl", "max_length=90")]
    run_command(monkeypatch, "--recipe", str(ROOT / "training/recipes/s1-mini.yaml"), "--dry-run", *mini)
    said = capsys.readouterr().out
    assert "of 1000 samples are longer than max_length" in said and "longest sample: 90 tokens" in said


def test_mistakes_in_a_recipe_end_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    section: dict[str, Any] = yaml.safe_load(FULL_SIZE["s1-32b"].read_text())["sft"]
    (tmp_path / "r.yaml").write_text(json.dumps({"sft": {**section, "learning_rates": 1}}))
    with pytest.raises(SystemExit) as ended:
        run_command(monkeypatch, "--recipe", str(tmp_path / "r.yaml"), "--dry-run")
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and "unknown keys learning_rates. Known are:" in said


def test_launchers_start_the_processes_of_the_recipe(tmp_path: Path) -> None:
    """With an interpreter that only says how it was called."""
    echo = tmp_path / "python"
    echo.write_text('#!/usr/bin/env bash\necho "$@"\n')
    echo.chmod(0o755)
    recipe = str(FULL_SIZE["s1-32b-8gpu"])
    run = launch("one_node.sh", recipe, "--set", "seed=1", PYTHON=str(echo))
    assert run.stdout.split() == ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "8", "-m", "training.sft",
                                  "--recipe", recipe, "--set", "seed=1"]  # fmt: skip
    assert launch("one_node.sh", recipe, "--dry-run", PYTHON=str(echo)).stdout.split()[:2] == ["-m", "training.sft"]
    assert "--nproc-per-node 4" in launch("one_node.sh", recipe, PYTHON=str(echo), GPUS="4").stdout
    for name, says in (("scontrol", "printf 'node-a\\nnode-b\\n'"), ("srun", 'shift; exec "$@"')):
        (tmp_path / name).write_text(f"#!/usr/bin/env bash\n{says}\n")
        (tmp_path / name).chmod(0o755)
    slurm = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_NODELIST": "node-[a-b]", "SLURM_NNODES": "2", "SLURM_JOB_ID": "7"}
    run = launch("two_nodes.slurm", str(FULL_SIZE["s1-32b"]), PYTHON=str(echo), SLURM_SUBMIT_DIR=str(ROOT), **slurm)
    assert run.returncode == 0, run.stderr
    assert "--nnodes 2 --nproc-per-node 8 --rdzv-id 7 --rdzv-backend c10d --rdzv-endpoint node-a:29500 -m training.sft" in run.stdout
    assert launch("two_nodes.slurm").returncode != 0 and "Name a recipe" in launch("one_node.sh").stderr
