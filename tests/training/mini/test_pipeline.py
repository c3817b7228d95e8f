"""The whole pipeline on the smoke recipe, with a kill in the middle: pre-train, curate, fine-tune, export, check; and its parts."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
import yaml
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen2ForCausalLM

from s1demo.cli.benchmark import sweep_plan
from s1demo.cli.options import parser
from s1demo.delimiters import S1, build_prompt, encode_format
from s1demo.engines.tokenization import HubTokenizer
from s1demo.settings import EMBEDDED_MODEL
from training.mini import __main__ as pipeline
from training.mini import measure, pretrain
from training.mini.domains import DOMAINS
from training.mini.language.tokenizer import MiniTokenizer
from training.mini.pretraining.batching import IGNORED, Position, make_batch, stream
from training.mini.pretraining.documents import Document, DocumentWriter
from training.mini.pretraining.fast_forward import FastForward
from training.mini.pretraining.network import build_network
from training.mini.pretraining.training_loop import Progress, learning_rate_factor
from training.mini.recipe import Optimisation, Recipe, load_recipe

SMOKE = pipeline.SMOKE
TOKENIZER = MiniTokenizer(Path(EMBEDDED_MODEL))


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The smoke recipe run through every stage in a folder of its own, killed and resumed while pre-training."""
    folder = tmp_path_factory.mktemp("run")
    path = folder / "recipe.yaml"
    path.write_text(SMOKE.read_text(encoding="utf-8").replace("runs/s1-mini-smoke", str(folder)), encoding="utf-8")
    recipe = load_recipe(path)
    large = recipe.bases["large"]
    half = dataclasses.replace(large.pretrain, total_tokens=large.pretrain.total_tokens // 2)
    pretrain.run(dataclasses.replace(recipe, bases=recipe.bases | {"large": dataclasses.replace(large, pretrain=half)}), "large")
    (folder / "large-instruct.pt").unlink()  # a run that is killed there has not come to the second stage
    pipeline.run(path, list(pipeline.STAGES))
    return recipe


@pytest.mark.slow
def test_loss_falls_and_training_resumes(smoke: Recipe) -> None:
    log = [json.loads(line) for line in (smoke.run_folder / "large.jsonl").read_text().splitlines()]
    assert log[-1]["loss"] < 0.8 * log[0]["loss"]
    steps = [line["step"] for line in log]
    assert steps == sorted(set(steps))
    for stage, knobs in (("large", smoke.bases["large"].pretrain), ("large-instruct", smoke.bases["large"].instruct)):
        progress = torch.load(smoke.run_folder / f"{stage}.pt", weights_only=True)["progress"]
        assert progress["tokens"] >= knobs.total_tokens


@pytest.mark.slow
def test_export_loads_and_speaks_the_format(smoke: Recipe) -> None:
    network = AutoModelForCausalLM.from_pretrained(smoke.export_folder)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(smoke.export_folder)
    assert isinstance(network, Qwen2ForCausalLM)
    assert network.config.vocab_size % 64 == 0 and network.config.vocab_size >= len(tokenizer)
    assert network.config.eos_token_id == tokenizer.eos_token_id == tokenizer.convert_tokens_to_ids(S1.end_of_turn)
    assert network.dtype == torch.float32 and network.config.tie_word_embeddings


@pytest.mark.slow
def test_the_base_computes_what_was_trained(smoke: Recipe) -> None:
    tokenizer = MiniTokenizer(smoke.run_folder / "tokenizer")
    network = build_network(smoke.bases["large"].shape, tokenizer, seed=0).eval()
    network.load_state_dict(torch.load(smoke.run_folder / "large-instruct.pt", weights_only=True)["network"])
    exported = AutoModelForCausalLM.from_pretrained(smoke.run_folder / "large", dtype=torch.float32).eval()
    tuned = AutoModelForCausalLM.from_pretrained(smoke.export_folder, dtype=torch.float32).eval()
    ids = torch.arange(60).reshape(2, 30)
    with torch.inference_mode():
        logits = exported(input_ids=ids).logits
        assert (network(input_ids=ids).logits - logits).abs().max() < 1e-4
        assert (tuned(input_ids=ids).logits - logits).abs().max() > 1e-3


@pytest.mark.slow
def test_exported_tokenizer_is_loaded_unchanged_by_transformers(smoke: Recipe) -> None:
    hub, mini = PreTrainedTokenizerFast.from_pretrained(smoke.export_folder), MiniTokenizer(smoke.export_folder)
    text = f"How many r in raspberry? 27 + 48 × 9.11 \n{S1.stop} e\u0301"
    assert hub(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] == mini.encode(text)
    assert hub(text, add_special_tokens=False)["input_ids"] == mini.encode(text, special=True)
    assert len(hub) == mini.vocab_size
    product = HubTokenizer(str(smoke.export_folder))
    assert encode_format(S1, product) == encode_format(S1, mini)
    assert build_prompt(f"A {S1.stop} “word”?", product, S1) == build_prompt(f"A {S1.stop} “word”?", mini, S1)


@pytest.mark.slow
def test_the_check_measures_every_domain(smoke: Recipe) -> None:
    measured = json.loads((smoke.run_folder / "dev.json").read_text(encoding="utf-8"))
    assert measured["n"] == 2 * smoke.dev_per_domain * len(DOMAINS)  # in trained and in other phrasings
    stages = [line.split()[0] for line in (smoke.run_folder / "stages.log").read_text().splitlines()]
    assert stages == list(pipeline.STAGES)


@pytest.mark.slow
def test_a_sibling_is_trained_on_another_draw_of_the_same_pool(smoke: Recipe) -> None:
    folder = measure.sibling("draw-1", smoke, smoke.run_folder / "recipe.yaml")
    assert (folder / "model.safetensors").read_bytes() != (smoke.export_folder / "model.safetensors").read_bytes()
    curation = smoke.run_folder / "curation"
    drawn, first = ((path / "random.jsonl").read_text(encoding="utf-8").splitlines() for path in (curation / "draw-1", curation))
    assert set(drawn) != set(first) and len(drawn) == len(first)


def test_every_measurement_is_a_sweep_that_can_be_asked_for(tmp_path: Path) -> None:
    for name, measurement in measure.MEASUREMENTS.items():
        options = parser().parse_args(["sweep", *measurement.options, "--out", str(tmp_path / f"{name}.json")])
        assert sweep_plan(options).policies()


def test_batches_train_on_the_next_marked_token() -> None:
    documents = [Document([1, 2], [False, True]), Document([5, 6, 7, 8], [False, False, True, True]), Document([3] * 9, [True] * 9)]
    batch = make_batch(documents, batch_tokens=40, pad_id=0)
    assert batch.ids.shape == batch.targets.shape == batch.places.shape == (40,) and batch.n_tokens == 15
    assert batch.groups == [(2, 8), (1, 16), (1, 8)]
    assert batch.targets[0] == 2 and (batch.targets[1:8] == IGNORED).all()
    assert batch.targets[8:12].tolist() == [IGNORED, 7, 8, IGNORED] and (batch.targets[32:] == IGNORED).all()
    assert batch.places[8:17].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0]


def test_the_training_pass_computes_what_transformers_computes() -> None:
    network = build_network(load_recipe(SMOKE).bases["large"].shape, TOKENIZER, seed=0)
    documents = [Document([n, *range(5, n)], [True] * (n - 4)) for n in (12, 13, 30)]
    batch = make_batch(documents, batch_tokens=64, pad_id=0)
    loss = FastForward(network, bf16=False, compiled=False)(batch)
    expected = torch.tensor(0.0)
    for document in documents:
        ids = torch.tensor([document.ids])
        expected = expected + cross_entropy(network(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="sum")
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    weights = list(network.parameters())
    for mine, theirs in zip(torch.autograd.grad(loss, weights), torch.autograd.grad(expected, weights), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)



def test_stream_continues_where_it_was() -> None:
    writer = DocumentWriter(TOKENIZER, load_recipe(SMOKE).documents)
    position = Position()
    whole = stream(writer.sample, "seed", 2048, TOKENIZER.pad_id, position)
    for _ in range(3):
        next(whole)
    resumed = stream(writer.sample, "seed", 2048, TOKENIZER.pad_id, Position(position.chunk, position.batch))
    assert torch.equal(next(whole).ids, next(resumed).ids)


def test_processes_share_a_stream_without_overlap() -> None:
    writer = DocumentWriter(TOKENIZER, load_recipe(SMOKE).documents)
    streams = [stream(writer.sample, "seed", 2048, TOKENIZER.pad_id, Position(), (rank, 2)) for rank in (0, 1)]
    first, second = (next(batches) for batches in streams)
    assert not torch.equal(first.ids, second.ids)


def test_learning_rate_schedule() -> None:
    knobs = Optimisation(1000, 0.4, 1, 1.0, 1.0, 0.0, 10)
    places = ((0, 0), (50, 500), (80, 800), (100, 1000))
    factors = [learning_rate_factor(Progress(step, tokens), knobs) for step, tokens in places]
    assert factors == pytest.approx([0.1, 1.0, 0.5, 0.0])


def test_a_misspelled_knob_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(SMOKE.read_text(encoding="utf-8").replace("warmup_steps", "warm_up_steps"), encoding="utf-8")
    with pytest.raises(ValueError, match="warm_up_steps"):
        load_recipe(path)


def test_both_bases_are_needed(tmp_path: Path) -> None:
    raw = yaml.safe_load(SMOKE.read_text(encoding="utf-8"))
    del raw["bases"]["small"]
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(ValueError, match="large and small"):
        load_recipe(path)


def test_the_real_recipe_is_valid() -> None:
    recipe = load_recipe(SMOKE.with_name("s1-mini.yaml"))
    assert set(recipe.documents.domain_weights) == set(DOMAINS)
    assert recipe.bases["small"].shape.hidden < recipe.bases["large"].shape.hidden
