"""The model card: metadata for the Hub, how to use the model, how it was trained, and what was measured. Knows no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from safetensors import safe_open

from s1demo.delimiters import EXTENSION, FINAL_ANSWER, choose_format
from s1demo.engines.tokenization import HubTokenizer
from s1demo.evals.benchmarks import SOURCES
from s1demo.evals.provenance import model_digest
from s1demo.evals.results import RunResult
from s1demo.evals.setting import LEFT_ALONE, Setting
from training.recipes import SftSettings

_TEMPLATE = Path(__file__).with_name("model.md")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_OWN = ("model", "data", "output")  # settings that are places, not settings


@dataclass(frozen=True)
class ModelDescription:
    """What a model card says beside what the model's folder tells.

    Attributes:
        folder: the model.
        repo: its name on the Hub.
        licence: the Hub's identifier, such as apache-2.0.
        settings: how it was fine-tuned, None where not known.
        base_model: Hub id of the model it was tuned from; empty for the settings' model, where that is a Hub id.
        data_repo, data_commit: the data set it was trained on, empty where there is none on the Hub.
        notes: further Markdown on its limits.
    """

    folder: Path
    repo: str
    licence: str
    settings: SftSettings | None = None
    base_model: str = ""
    data_repo: str = ""
    data_commit: str = ""
    notes: str = ""


def model_card(model: ModelDescription, results: Sequence[RunResult]) -> ModelCard:
    """Make the card.

    Args:
        results: measured runs; those of other weights are shown apart and not in the metadata.

    Raises:
        ModelError: the folder holds no usable tokenizer.
    """
    own, others = told_apart(model.folder, results)
    base = model.base_model or (model.settings.model if model.settings else "")
    on_hub = bool(_HUB_ID.fullmatch(base)) and not Path(base).exists()
    fmt = choose_format(HubTokenizer(str(model.folder)))
    data = ModelCardData(
        language="en",
        license=model.licence,
        library_name="transformers",
        pipeline_tag="text-generation",
        base_model=base if on_hub else None,
        datasets=[model.data_repo] if model.data_repo else None,
        tags=["s1", "budget-forcing", "test-time-scaling", "reasoning"],
        model_name=model.repo.rpartition("/")[2] if own else None,
        eval_results=[result for run in own for result in eval_results(run)] or None,
    )
    card: ModelCard = ModelCard.from_template(
        data,
        template_path=str(_TEMPLATE),
        name=model.repo.rpartition("/")[2],
        model=model,
        parameters=n_parameters(model.folder),
        extension=EXTENSION,
        final_answer=FINAL_ANSWER,
        format=fmt,
        some_budget=_some_budget(own),
        fast_tokenizer=_is_plain_fast_tokenizer(model.folder),
        base=base if on_hub or not base else f"the model in `{base}`",
        settings=training_settings(model.settings) if model.settings else {},
        own=own,
        others=others,
    )
    return card


def told_apart(folder: Path, results: Sequence[RunResult]) -> tuple[list[RunResult], list[RunResult]]:
    """The results measured on exactly these files, and all others."""
    digest = model_digest(str(folder))
    return [run for run in results if run.model_digest == digest], [run for run in results if run.model_digest != digest]


def eval_results(run: RunResult) -> Iterator[EvalResult]:
    """The natural run and the best one, as the Hub's metadata has them."""
    source = SOURCES.get(run.benchmark)
    best = max(run.points, key=lambda point: (point.accuracy, point.setting == LEFT_ALONE))
    for point in {point.setting: point for point in (run.point(LEFT_ALONE), best)}.values():
        yield EvalResult(
            task_type="text-generation",
            task_name="question answering with budget forcing",
            dataset_type=source.repository if source else run.benchmark.removesuffix(".jsonl"),
            dataset_name=f"{run.benchmark} ({run.n} questions)",
            dataset_config=source.subset if source else None,
            dataset_split=source.split if source else None,
            dataset_revision=source.revision if source else None,
            metric_type="accuracy",
            metric_name=f"accuracy in %, {point.label}",
            metric_value=point.accuracy,
            metric_args=_arguments(point.setting),
        )


def _arguments(setting: Setting) -> dict[str, Any]:
    """A setting as the Hub's metadata has it: the extension only where one is forced, and at least one vote."""
    arguments: dict[str, Any] = asdict(setting) | {"votes": max(1, setting.votes)}
    return {name: value for name, value in arguments.items() if name != "extension" or setting.num_ignore}


def training_settings(settings: SftSettings) -> Mapping[str, str]:
    """The settings of a recipe as people read them; places are left out."""
    values = {name: value for name, value in asdict(settings).items() if name not in _OWN and value not in (None, {}, "")}
    shown = {name: json.dumps(value) if isinstance(value, dict | tuple) else str(value) for name, value in values.items()}
    return {name.replace("_", " "): value for name, value in shown.items()}


def n_parameters(folder: Path) -> int:
    """Weights in a folder's safetensors files, from their headers; 0 where there are none."""
    total = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="pt") as weights:
            total += sum(prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118 - not a dict
    return total


def _some_budget(runs: Sequence[RunResult]) -> int:
    """A budget that was measured, for the example; the paper's smallest otherwise."""
    budgets = [point.setting.max_thinking_tokens for run in runs for point in run.points]
    return max((budget for budget in budgets if isinstance(budget, int) and budget), default=500)


def _is_plain_fast_tokenizer(folder: Path) -> bool:
    config = folder / "tokenizer_config.json"
    known = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    return bool(known.get("tokenizer_class") == "PreTrainedTokenizerFast")
