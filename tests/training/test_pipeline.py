"""The whole pipeline on the smoke recipe: pre-train, resume, fine-tune, export, load, evaluate."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen2ForCausalLM

from s1demo.delimiters import S1, build_prompt, encode_format
from s1demo.engines.tokenization import HubTokenizer
from training.mini import pretrain, sft
from training.mini.batching import IGNORED, Position, make_batch, stream
from training.mini.documents import Document, DocumentWriter
from training.mini.evaluate import Evaluator
from training.mini.export import export
from training.mini.generation import continue_greedily
from training.mini.network import build_network
from training.mini.problems import DOMAINS, problem_set
from training.mini.recipe import Optimisation, Recipe, load_recipe
from training.mini.tokenizer import MiniTokenizer
from training.mini.training_loop import Progress, learning_rate_factor, load_weights

RECIPES = Path(__file__).resolve().parents[2] / "training" / "recipes"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A smoke recipe run through every stage, with a kill in the middle of pre-training."""
    folder = tmp_path_factory.mktemp("run")
    recipe = dataclasses.replace(load_recipe(RECIPES / "s1-mini-smoke.yaml"), run_folder=folder, export_folder=folder / "export")
    half = dataclasses.replace(recipe.pretrain, total_tokens=recipe.pretrain.total_tokens // 2)
    pretrain.run(dataclasses.replace(recipe, pretrain=half), resume=False)
    pretrain.run(recipe, resume=True)
    sft.run(recipe)
    export(recipe, recipe.exported_stage, recipe.export_folder)
    return recipe


def test_loss_falls_and_training_resumes(trained: Recipe) -> None:
    log = [json.loads(line) for line in (trained.run_folder / "pretrain.jsonl").read_text().splitlines()]
    assert log[-1]["loss"] < 0.8 * log[0]["loss"]
    steps = [line["step"] for line in log]
    assert steps == sorted(set(steps))
    progress = torch.load(trained.run_folder / "pretrain.pt", weights_only=True)["progress"]
    assert progress["tokens"] >= trained.pretrain.total_tokens


def test_export_loads_and_speaks_the_format(trained: Recipe) -> None:
    network = AutoModelForCausalLM.from_pretrained(trained.export_folder)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(trained.export_folder)
    assert isinstance(network, Qwen2ForCausalLM)
    assert network.config.vocab_size % 64 == 0 and network.config.vocab_size >= len(tokenizer)
    assert network.config.eos_token_id == tokenizer.eos_token_id == tokenizer.convert_tokens_to_ids(S1.end_of_turn)
    assert network.dtype == torch.float32 and network.config.tie_word_embeddings


def test_the_export_computes_what_was_trained(trained: Recipe) -> None:
    tokenizer = MiniTokenizer(trained.run_folder / "tokenizer")
    network = build_network(trained.model, tokenizer, seed=0).eval()
    load_weights(network, trained.run_folder / "pretrain.pt")
    exported = AutoModelForCausalLM.from_pretrained(trained.run_folder / "base", dtype=torch.float32).eval()
    ids = torch.arange(60).reshape(2, 30)
    with torch.inference_mode():
        difference = network(input_ids=ids).logits - exported(input_ids=ids).logits
    assert difference.abs().max() < 1e-4


def test_exported_tokenizer_is_loaded_unchanged_by_transformers(trained: Recipe) -> None:
    hub, mini = PreTrainedTokenizerFast.from_pretrained(trained.export_folder), MiniTokenizer(trained.export_folder)
    text = f"How many r in raspberry? 27 + 48 × 9.11 \n{S1.stop} e\u0301"
    assert hub(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] == mini.encode(text)
    assert hub(text, add_special_tokens=False)["input_ids"] == mini.encode(text, special=True)
    assert len(hub) == mini.vocab_size
    product = HubTokenizer(str(trained.export_folder))
    assert encode_format(S1, product) == encode_format(S1, mini)
    assert build_prompt(f"A {S1.stop} “word”?", product, S1) == build_prompt(f"A {S1.stop} “word”?", mini, S1)


def test_curated_traces_cover_the_domains(trained: Recipe) -> None:
    rows = [json.loads(line) for line in (trained.run_folder / "sft_traces.jsonl").read_text().splitlines()]
    assert len(rows) == trained.sft.n_traces
    assert {row["domain"] for row in rows} == set(DOMAINS)


def test_evaluation_counts_tokens_and_waits(trained: Recipe) -> None:
    network = AutoModelForCausalLM.from_pretrained(trained.export_folder, dtype=torch.float32)
    evaluator = Evaluator(network, MiniTokenizer(trained.export_folder))
    points = evaluator.points(list(problem_set(4, 1, "dev")), (0, 8), (0, 2))
    assert [point["setting"] for point in points] == ["budget 0", "budget 8", "natural", "+2"]
    assert points[0]["mean_thinking_tokens"] == 0 and points[1]["mean_thinking_tokens"] <= 8
    trail = evaluator.think(["How many r in raspberry?"], 2)[0]
    extension = list(evaluator.encoded.extension_ids)
    for end in trail.ends[:2]:
        assert trail.thinking[end : end + len(extension)] == extension
        assert trail.thinking[end + len(extension)] not in evaluator.encoded.stop_ids


def test_batched_decoding_equals_single_decoding(trained: Recipe) -> None:
    network = AutoModelForCausalLM.from_pretrained(trained.export_folder, dtype=torch.float32).eval()
    tokenizer = MiniTokenizer(trained.export_folder)
    stops = encode_format(S1, tokenizer).stop_ids
    questions = ("What is 27+48?", "How many r in raspberry?", "2 x 13")
    prompts = [list(build_prompt(question, tokenizer, S1)) for question in questions]
    batch = continue_greedily(network, prompts, [20, 12, 30], stops, not_first=True)
    for prompt, limit, together in zip(prompts, (20, 12, 30), batch, strict=True):
        assert continue_greedily(network, [prompt], [limit], stops, not_first=True) == [together]


def test_batches_train_on_the_next_marked_token() -> None:
    batch = make_batch([Document([5, 6, 7, 8], [False, False, True, True]), Document([1, 2], [False, True])], pad_id=0)
    assert batch.ids.shape == (2, 16) and batch.n_tokens == 6
    assert batch.targets[0, :4].tolist() == [IGNORED, 7, 8, IGNORED]
    assert batch.targets[1, :2].tolist() == [2, IGNORED] and (batch.targets[:, 4:] == IGNORED).all()


def test_stream_continues_where_it_was(trained: Recipe) -> None:
    tokenizer = MiniTokenizer(trained.run_folder / "tokenizer")
    writer = DocumentWriter(tokenizer, trained.documents)
    position = Position()
    whole = stream(writer.sample, "seed", 2048, tokenizer.pad_id, position)
    for _ in range(3):
        next(whole)
    resumed = stream(writer.sample, "seed", 2048, tokenizer.pad_id, Position(position.chunk, position.batch))
    assert torch.equal(next(whole).ids, next(resumed).ids)


def test_learning_rate_schedule() -> None:
    knobs = Optimisation(1000, 0.4, 1, 1.0, 1.0, 0.0, 10)
    places = ((0, 0), (50, 500), (80, 800), (100, 1000))
    factors = [learning_rate_factor(Progress(step, tokens), knobs) for step, tokens in places]
    assert factors == pytest.approx([0.1, 1.0, 0.5, 0.0])


def test_a_misspelled_knob_is_refused(tmp_path: Path) -> None:
    text = (RECIPES / "s1-mini-smoke.yaml").read_text(encoding="utf-8").replace("warmup_steps", "warm_up_steps")
    (tmp_path / "wrong.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="warm_up_steps"):
        load_recipe(tmp_path / "wrong.yaml")
