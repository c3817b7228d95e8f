"""Fine-tuning: the loss counts exactly the reference's span, a killed run goes on as if nothing had happened, the loss falls."""

import asyncio
import dataclasses
import inspect
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import trl
from datasets import Dataset
from peft import PeftModel
from transformers import BitsAndBytesConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import SFTTrainer

from s1demo.budget import BudgetPolicy
from s1demo.delimiters import S1, build_prompt
from s1demo.engines.local.engine import TransformersEngine
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from s1demo.settings import EMBEDDED_MODEL, Settings
from tests.drivers import trace_of
from training.curation.records import Row, write_rows
from training.curation.sft_text import IGNORED, encode_row
from training.recipes import LoraSettings, SftSettings, read_section
from training.sft.estimate import Device
from training.sft.train import train
from training.sft.trainer import ADAPTER, CHECKPOINTS, SequenceWeightedTrainer, adapters, arguments, check_launch, read_samples

QWEN_TEMPLATE = Path(trl.__file__).parent / "chat_templates" / "qwen2_5.jinja"  # Qwen2.5's own, default system prompt included
RESPONSE = f"{S1.stop}assistant\n"  # train/sft.py: response_template
ROWS = [
    Row(
        question=f"What is {a} + {b}?",
        answer=str(a + b),
        domain="addition",
        source="test",
        thinking=f"\nQuickly: {a} + {b} = {a + b}. So {a + b}.\n" * (1 + a % 3),
        trace_answer=str(a + b),
    )
    for a, b in ((2, 3), (4, 4), (7, 1), (10, 15), (21, 8), (33, 9), (5, 60), (71, 12), (3, 3), (8, 18))
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"))


def make_model(folder: Path, layers: int = 1, tied: bool = True) -> Path:
    """A model of some thousand weights with s1-mini's tokenizer."""
    torch.manual_seed(0)
    vocabulary = json.loads(Path(EMBEDDED_MODEL, "config.json").read_text(encoding="utf-8"))["vocab_size"]
    config = Qwen2Config(
        vocab_size=vocabulary, hidden_size=32, intermediate_size=64, num_hidden_layers=layers, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=tied, initializer_range=0.1,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(Path(EMBEDDED_MODEL) / name, folder / name)
    return folder


@pytest.fixture
def settings(model: Path, tmp_path: Path) -> SftSettings:
    write_rows(tmp_path / "rows.jsonl", ROWS)
    return SftSettings(
        model=str(model), data=tmp_path / "rows.jsonl", output=tmp_path / "out", epochs=3, learning_rate=1e-2, batch_size=2,
        max_length=256, precision="fp32", device="cpu", save_steps=4, seed=3, trainer={"disable_tqdm": True, "save_total_limit": 9},
    )  # fmt: skip


def qwen_like_tokenizer() -> HubTokenizer:
    tokenizer = HubTokenizer(EMBEDDED_MODEL)
    tokenizer.hub.chat_template = QWEN_TEMPLATE.read_text(encoding="utf-8")
    return tokenizer


def reference_sample(row: Row, tokenizer: HubTokenizer) -> dict[str, list[int]]:
    """The reference's text (data/tokenization.py) and its collator's labels, written down from their description."""
    answer = row.trace_answer if "Answer:" in row.trace_answer else "Answer: " + row.trace_answer
    content = f"{S1.stop}think\n{row.thinking.strip()}\n{S1.stop}answer\n{answer.strip()}"
    messages = [{"role": "user", "content": row.question}, {"role": "assistant", "content": content}]
    ids = tokenizer.encode(tokenizer.hub.apply_chat_template(messages, tokenize=False), special=True)
    header = tokenizer.encode(RESPONSE, special=True)
    start = max(at + len(header) for at in range(len(ids)) if ids[at : at + len(header)] == header)
    return {"input_ids": ids, "labels": [IGNORED] * start + ids[start:]}


@pytest.mark.parametrize("tokenizer", [HubTokenizer(EMBEDDED_MODEL), qwen_like_tokenizer()], ids=["s1-mini", "Qwen2.5"])
@pytest.mark.parametrize("answer", ["5", "Final Answer: 5", "It is 5.\n\nAnswer: 5"])
def test_the_loss_counts_the_reference_span(tokenizer: HubTokenizer, answer: str) -> None:
    row = dataclasses.replace(ROWS[0], trace_answer=answer)
    sample = encode_row(row, tokenizer)
    assert sample == reference_sample(row, tokenizer)
    trained = [index for index in sample["labels"] if index != IGNORED]
    text = tokenizer.hub.decode(trained)
    assert text.startswith(f"{S1.think}\n") and text.endswith(f"5{S1.end_of_turn}\n")
    assert tokenizer.hub.decode(sample["input_ids"][: -len(trained)]).endswith(RESPONSE)


def test_training_starts_as_decoding_does() -> None:
    tokenizer = HubTokenizer(EMBEDDED_MODEL)
    prompt = build_prompt(ROWS[0].question, tokenizer, S1)
    assert tuple(encode_row(ROWS[0], tokenizer)["input_ids"][: len(prompt)]) == prompt


def test_masked_spans_leave_the_loss_and_nothing_else() -> None:
    tokenizer = HubTokenizer(EMBEDDED_MODEL)
    thinking = "\nAt a glance I see 2 r in raspberry. So 2.\nWait, so 3.\n"
    start = thinking.index(" 2 r")
    plain = Row("How many r in raspberry?", "3", thinking=thinking, trace_answer="3")
    masked = dataclasses.replace(plain, masked_spans=((start, start + 2), (len(thinking) - 4, len(thinking))))
    whole, part = (encode_row(row, tokenizer)["labels"] for row in (plain, masked))
    left_out = [index for index, label in zip(whole, part, strict=True) if index != label]
    assert tokenizer.hub.decode(left_out) == " 2 3.\n"


def test_the_collator_sees_the_labels_as_they_are(settings: SftSettings) -> None:
    tokenizer = HubTokenizer(settings.model)
    samples = [encode_row(row, tokenizer) for row in ROWS]
    trainer = SequenceWeightedTrainer(
        settings.model, args=arguments(settings), train_dataset=Dataset.from_list(samples), processing_class=tokenizer.hub
    )
    batch = trainer.data_collator([trainer.train_dataset[0], trainer.train_dataset[1]])
    for at, sample in enumerate(samples[:2]):
        n = len(sample["labels"])
        assert batch["labels"][at, :n].tolist() == sample["labels"] and (batch["labels"][at, n:] == IGNORED).all()


def test_loss_falls_and_the_result_loads_as_it_was(settings: SftSettings) -> None:
    losses = train(settings)
    assert len(losses) == 15 and losses[-1] < 0.7 * losses[0]
    log = [json.loads(line) for line in (settings.output / "sft.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == list(range(1, 16)) and [line["loss"] for line in log] == losses
    rates = [line["learning_rate"] for line in log]
    assert rates[1] == pytest.approx(1e-2) and rates[-1] < 3e-4  # 5 % of 15 updates: one of warm-up, then cosine to 0
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (settings.output / name).read_bytes() == (Path(settings.model) / name).read_bytes()
    assert type(HubTokenizer(str(settings.output)).hub) is PreTrainedTokenizerFast


@pytest.mark.parametrize("weighting", ["sequence", "token"])
def test_resumed_equals_uninterrupted(settings: SftSettings, weighting: str, tmp_path: Path) -> None:
    settings = dataclasses.replace(settings, loss_weighting=weighting)
    whole = train(dataclasses.replace(settings, output=tmp_path / "whole"))
    train(settings)
    checkpoints = settings.output / CHECKPOINTS
    shutil.rmtree(checkpoints / "checkpoint-15")
    (checkpoints / "checkpoint-12" / "trainer_state.json").unlink()  # as if killed while update 12 was being saved
    assert train(settings) == pytest.approx(whole, abs=1e-5)
    log = [json.loads(line) for line in (settings.output / "sft.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in log] == pytest.approx(whole, abs=1e-5)
    first, second = (Qwen2ForCausalLM.from_pretrained(path).state_dict() for path in (tmp_path / "whole", settings.output))
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


def test_sequence_weighting_is_the_mean_of_row_means(settings: SftSettings) -> None:
    """Two rows in one batch, or one at a time accumulated, give the same first loss; it is the mean of the rows' own losses."""
    network = Qwen2ForCausalLM.from_pretrained(settings.model)
    tokenizer = HubTokenizer(settings.model)
    means = []
    for row in ROWS[:2]:
        sample = encode_row(row, tokenizer)
        with torch.inference_mode():
            means.append(float(network(torch.tensor([sample["input_ids"]]), labels=torch.tensor([sample["labels"]])).loss))
    write_rows(settings.data, ROWS[:2])
    for batch_size, accumulation in ((2, 1), (1, 2)):
        output = settings.output / f"{batch_size}x{accumulation}"
        run = dataclasses.replace(settings, output=output, batch_size=batch_size, gradient_accumulation=accumulation, epochs=1)
        assert train(run)[0] == pytest.approx(sum(means) / 2, abs=2e-4)
    by_token = dataclasses.replace(settings, output=settings.output / "token", loss_weighting="token", epochs=1)
    assert abs(train(by_token)[0] - sum(means) / 2) > 1e-3


@pytest.mark.slow  # a launch of two processes each
@pytest.mark.parametrize("weighting", ["sequence", "token"])
def test_two_processes_equal_one(settings: SftSettings, weighting: str) -> None:
    write_rows(settings.data, ROWS[:8])
    settings = dataclasses.replace(settings, batch_size=4, epochs=2, loss_weighting=weighting)
    alone = train(settings)
    recipe = settings.data.with_name("recipe.yaml")
    together = {"output": str(settings.output / "two"), "batch_size": 2, "world_size": 2, "distributed_type": "MULTI_CPU"}
    section = {**dataclasses.asdict(settings), "data": str(settings.data), "adam_betas": [0.9, 0.95], **together}
    recipe.write_text(json.dumps({"sft": section}), encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "training.sft"]
    subprocess.run([*command, "--recipe", str(recipe)], check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    log = (settings.output / "two" / "sft.jsonl").read_text().splitlines()
    assert [json.loads(line)["loss"] for line in log] == pytest.approx(alone, abs=1e-5)


def test_old_checkpoints_serve_the_same_run_only(settings: SftSettings) -> None:
    train(settings)
    with pytest.raises(InputError, match="other settings"):
        train(dataclasses.replace(settings, learning_rate=1e-3))
    write_rows(settings.data, ROWS[:6])
    with pytest.raises(InputError, match="data or base"):
        train(settings)


def test_a_launch_that_differs_from_the_recipe_is_refused(settings: SftSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is loaded where the number of processes is wrong; by accelerate's own word where only the type is."""
    settings = dataclasses.replace(settings, model="nowhere")
    with pytest.raises(InputError, match=r"Launched as 1 process, .* `torchrun --standalone --nproc-per-node 2 -m training.sft"):
        train(dataclasses.replace(settings, world_size=2, distributed_type="MULTI_CPU"))
    sharded = dataclasses.replace(settings, device="auto", world_size=16, distributed_type="FSDP")
    with pytest.raises(InputError, match=r"on GPUs with `sbatch training/launch/two_nodes.slurm"):
        train(sharded)
    monkeypatch.setenv("WORLD_SIZE", "16")
    check_launch(sharded, "FSDP")
    with pytest.raises(InputError, match="16 processes of type MULTI_CPU"):
        check_launch(sharded, "MULTI_CPU")
    with pytest.raises(InputError, match=r"`python -m training.sft"):
        train(settings)


def test_the_pad_token_is_the_recipe_s_and_pads(settings: SftSettings) -> None:
    """The miniature's tokenizer has no <|fim_pad|>; any token of its own will do to see that it is used and never trained."""
    samples, tokenizer = read_samples(dataclasses.replace(settings, pad_token="<|im_start|>"))
    trainer = SFTTrainer(
        settings.model, args=arguments(settings), train_dataset=Dataset.from_list(samples), processing_class=tokenizer.hub
    )
    short, long = sorted((trainer.train_dataset[0], trainer.train_dataset[1]), key=lambda sample: len(sample["input_ids"]))
    batch = trainer.data_collator([short, long])
    padding = slice(len(short["input_ids"]), None)
    assert set(batch["input_ids"][0, padding].tolist()) == {tokenizer.encode("<|im_start|>", special=True)[0]}
    assert set(batch["labels"][0, padding].tolist()) == {IGNORED} and not batch["attention_mask"][0, padding].any()
    with pytest.raises(InputError, match=r"no token <\|fim_pad\|>"):
        read_samples(dataclasses.replace(settings, pad_token="<|fim_pad|>"))


def test_rows_that_cannot_be_trained_on_are_named(settings: SftSettings) -> None:
    for thinking, answer, words in ((f"a {S1.stop} b", "1", "delimiter in the trace"), ("", "1", "no trace"), ("a", "", "no answer")):
        write_rows(settings.data, [ROWS[0], dataclasses.replace(ROWS[1], thinking=thinking, trace_answer=answer)])
        with pytest.raises(InputError, match=f"{ROWS[1].id}.*{words}"):
            train(settings)
    write_rows(settings.data, [])
    with pytest.raises(InputError, match="holds no rows"):
        train(settings)


def test_a_run_that_cannot_fit_is_refused_before_loading(settings: SftSettings) -> None:
    with pytest.raises(InputError, match="This run cannot fit"):
        train(settings, Device("toaster", memory_gb=1))
    assert not (settings.output / CHECKPOINTS).exists()


@pytest.mark.parametrize("weights", ["float32", "bfloat16"])
def test_adapters_are_trained_merged_and_decoded(settings: SftSettings, weights: str) -> None:
    """Only adapters are trained; what is written is the base plus them, and the exhibit's engine answers with it."""
    settings = dataclasses.replace(
        settings, lora=LoraSettings(rank=4, alpha=16), weights=weights, activation_checkpointing=True, save_steps=100
    )
    losses = train(settings)
    assert losses[-1] < 0.9 * losses[0]
    base, tuned = (Qwen2ForCausalLM.from_pretrained(path, dtype=weights) for path in (settings.model, settings.output))
    adapted = PeftModel.from_pretrained(base, settings.output / ADAPTER)
    ids = torch.tensor([encode_row(ROWS[0], HubTokenizer(settings.model))["input_ids"]])
    with torch.inference_mode():
        expected, with_base = adapted(ids).logits, adapted.get_base_model().model.embed_tokens.weight
        assert torch.equal(tuned.model.embed_tokens.weight, with_base)
        assert torch.allclose(tuned(ids).logits, expected, atol=1e-4 if weights == "float32" else 0.1)
    assert {path.suffix for path in (settings.output / ADAPTER).iterdir()} == {".json", ".safetensors", ".md"}
    assert not any((settings.output / ADAPTER).glob("*tokenizer*"))
    engine = TransformersEngine(Settings(model=str(settings.output)))
    try:
        answer = trace_of(engine, ROWS[0].question, BudgetPolicy(max_thinking_tokens=16, max_answer_tokens=8))
    finally:
        asyncio.run(engine.close())
    assert answer.token_ids and answer.finish_reason is not None


def test_adapters_in_four_bits_are_what_trl_takes() -> None:
    """Not run: bitsandbytes needs a GPU. The configuration is the class that SFTTrainer's argument asks for."""
    chosen = adapters(LoraSettings(quantization="nf4"))
    quantized = chosen["quantization_config"]
    assert isinstance(quantized, BitsAndBytesConfig) and quantized.load_in_4bit and quantized.bnb_4bit_use_double_quant
    assert (quantized.bnb_4bit_quant_type, quantized.bnb_4bit_compute_dtype) == ("nf4", torch.bfloat16)
    assert set(chosen) <= set(inspect.signature(SFTTrainer.__init__).parameters)
    if find_spec("bitsandbytes") is None:
        settings = SftSettings(model="m", data=Path("d"), output=Path("o"), lora=LoraSettings(quantization="nf4"))
        with pytest.raises(InputError, match="pip install bitsandbytes"):
            train(settings)
    assert adapters(None) == {} and "quantization_config" not in adapters(LoraSettings())


def test_the_section_is_checked(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("sft: {model: m, data: d, output: o, learning_rate: 1e-5}\n", encoding="utf-8")
    settings = read_section(recipe, "sft", SftSettings, ["seed=7", "adam_betas=[0.8, 0.9]"])
    assert (settings.learning_rate, settings.seed, settings.adam_betas) == (1e-5, 7, (0.8, 0.9))
    for wrong, words in (("epoch=3", "unknown keys"), ("loss_weighting=row", "loss_weighting is 'row'. It should be 'sequence' or 'token'"), ("warmup=50", "warmup is 50. It should be less than 1")):
        with pytest.raises(InputError, match=words):
            read_section(recipe, "sft", SftSettings, [wrong])
    for wrong, words in (
        ("lora={rang: 4}", "unknown keys"), ("lora={quantization: int3}", "nf4"), ("lora={rank: 0}", "rank"),
        ("weights=bfloat16", "lose small updates"), ("world_size=2", "contradict"), ("distributed_type=DDP", "MULTI_GPU"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            read_section(recipe, "sft", SftSettings, [wrong])
    fsdp = ["world_size=2", "distributed_type=FSDP"]
    for more in (["device=cpu"], ["lora={}"]):
        with pytest.raises(InputError, match=r"FSDP needs GPUs|unsharded"):
            read_section(recipe, "sft", SftSettings, fsdp + more)
    assert read_section(recipe, "sft", SftSettings, ["distributed_type=NO"]).distributed_type == "NO"  # YAML reads false
    for trainer, words in (({"pack": True}, "pack"), ({"fsdp_config": {"activation_checkpoint": True}}, "activation_checkpoint")):
        with pytest.raises(InputError, match=words):
            arguments(dataclasses.replace(settings, trainer=trainer))
    with pytest.raises(InputError, match="curation"):
        read_section(recipe, "curation", SftSettings)
