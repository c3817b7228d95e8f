"""What a run needs: the arithmetic against known numbers and against what tiny models really take."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM
from transformers.models.qwen2.modeling_qwen2 import Qwen2DecoderLayer, Qwen2RotaryEmbedding

from s1demo.errors import InputError
from training.recipes import LoraSettings, SftSettings
from training.sft.estimate import GB, GPUS, KNOWN_SHAPES, LAYER_BYTES, Device, estimate, find_device, report, shapes, states

PAPER = SftSettings(
    model="Qwen/Qwen2.5-32B-Instruct", data=Path("d"), output=Path("o"), world_size=16, distributed_type="FSDP",
    activation_checkpointing=True,
)  # fmt: skip
EIGHT = dataclasses.replace(PAPER, world_size=8, gradient_accumulation=2)
LORA = dataclasses.replace(PAPER, world_size=1, distributed_type="NO", weights="bfloat16", lora=LoraSettings(rank=32))
QLORA = dataclasses.replace(LORA, lora=LoraSettings(rank=32, quantization="nf4"))
H100, H200 = (Device(name, *GPUS[name]) for name in ("H100", "H200"))
S1K_LENGTHS = [5_200] * 1000  # 4.7M tokens of traces (paper), and an assumed 0.5M of questions, answers and delimiters


def test_the_32b_model_takes_what_the_reference_notes_say() -> None:
    """training_stack.md: 524 GB of states; 33 GB on each of 16, 66 on each of 8; LoRA 65.5 GB of weights + 21.5 GB of layers at 32k."""
    model = shapes(PAPER)
    assert model.parameters == 32_763_876_352  # what the model card calls 32.5B, 31.0B without embeddings
    assert states(dataclasses.replace(PAPER, world_size=1, distributed_type="NO"), model) / GB == pytest.approx(524, abs=0.5)
    assert states(PAPER, model) / GB == pytest.approx(32.8, abs=0.05)
    assert states(EIGHT, model) / GB == pytest.approx(65.5, abs=0.05)
    adapters = shapes(LORA).adapters
    assert adapters == 64 * 32 * 131_072  # per layer: inputs + outputs of q, k, v, o, gate, up, down
    assert states(LORA, shapes(LORA)) / GB == pytest.approx(65.5 + 16 * adapters / GB, abs=0.05)
    assert estimate(LORA, H200).checkpoints == pytest.approx(21.5, abs=0.05)
    assert states(QLORA, shapes(QLORA)) / GB == pytest.approx(31.206 * 4.127 / 8 + 2 * 1.558 + 8 * adapters / GB, abs=0.05)


def test_time_is_near_what_was_reported() -> None:
    """The paper: 26 minutes on 16 H100. simplescaling/s1, train/sft.sh: 5,269 s for 5,000 samples (10,000 tokens each assumed)."""
    assert estimate(PAPER, H100, S1K_LENGTHS).minutes == pytest.approx(26, rel=0.1)
    assert estimate(EIGHT, H100, [10_000] * 1000).minutes == pytest.approx(5269 / 60, rel=0.25)
    assert estimate(PAPER, H100).minutes is None and estimate(PAPER, Device("?", 80), S1K_LENGTHS).minutes is None


def test_what_cannot_fit_is_refused_with_the_remedy() -> None:
    assert "76" in report(PAPER, H100)  # the paper's run, at its longest sample allowed
    with pytest.raises(InputError, match=r"needs about 109 GB per device of 85.*use 16 GPUs; use the LoRA recipe"):
        report(EIGHT, H100)
    assert "tight" in report(EIGHT, H100, [9_000])  # but s1K's samples are short
    assert report(EIGHT, H200)
    with pytest.raises(InputError, match="QLoRA recipe"):
        report(LORA, H100)
    assert report(LORA, H200) and report(QLORA, H100)
    with pytest.raises(InputError, match="activation_checkpointing: true"):
        report(dataclasses.replace(PAPER, activation_checkpointing=False), H100)
    assert "not checked" in report(EIGHT, Device())
    assert "2 of 3 samples are longer" in report(dataclasses.replace(PAPER, max_length=100), H100, [50, 101, 200])


def test_devices(tmp_path: Path) -> None:
    assert find_device(PAPER, "H200") == H200 and find_device(PAPER, "H200", 100).memory_gb == 100
    assert find_device(dataclasses.replace(LORA, device="cpu")) == Device("CPU")
    with pytest.raises(InputError, match="Unknown GPU 'V100'"):
        find_device(PAPER, "V100")
    for model in (str(tmp_path), str(tmp_path / "none")):
        with pytest.raises(InputError, match=r"no config\.json .*Qwen2\.5-32B"):
            report(dataclasses.replace(PAPER, model=model), H100)


def tiny(tmp_path: Path, tied: bool) -> tuple[SftSettings, Qwen2ForCausalLM]:
    config = Qwen2Config(
        vocab_size=512, hidden_size=64, intermediate_size=192, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        tie_word_embeddings=tied,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config)
    model.config.save_pretrained(tmp_path)
    settings = SftSettings(model=str(tmp_path), data=Path("d"), output=Path("o"), precision="fp32", device="cpu")
    return settings, model


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("lora", [None, LoraSettings(rank=4, targets=("q_proj", "down_proj"))])
def test_states_are_what_a_tiny_model_takes(tmp_path: Path, tied: bool, lora: LoraSettings | None) -> None:
    """Weights, gradients and AdamW's state after a real update, byte for byte but for AdamW's step counters."""
    from peft import LoraConfig, get_peft_model

    settings, model = tiny(tmp_path, tied)
    network: Any = model
    if lora:
        settings = dataclasses.replace(settings, lora=lora)
        network = get_peft_model(model, LoraConfig(r=lora.rank, target_modules=list(lora.targets), task_type="CAUSAL_LM"))
    optimizer = torch.optim.AdamW([parameter for parameter in network.parameters() if parameter.requires_grad])
    ids = torch.arange(32)[None]
    network(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    tensors = [tensor for parameter in network.parameters() for tensor in (parameter, parameter.grad) if tensor is not None]
    tensors += [value for state in optimizer.state.values() for value in state.values()]
    assert states(settings, shapes(settings)) == pytest.approx(sum(tensor.nbytes for tensor in tensors), rel=0.002)


def test_layer_inputs_are_what_checkpointing_keeps(tmp_path: Path) -> None:
    settings, model = tiny(tmp_path, tied=False)
    settings = dataclasses.replace(settings, activation_checkpointing=True, max_length=96)
    model.gradient_checkpointing_enable()
    model.train()
    kept = kept_bytes(lambda: model.model(torch.arange(96)[None], use_cache=False), model)
    inputs = 3 * 96 * 64 * 4
    assert estimate(settings, Device()).checkpoints * GB == pytest.approx(inputs)
    other = 96 * (64 * (4 + 4) + 4) + 96 * 8 + 2 * 96 * 16 * 4  # last norm, its input and result; ids; the shared cosines and sines
    assert inputs <= kept <= inputs + other + 4096


@pytest.mark.parametrize("kind", ["bfloat16", "float32", "autocast"])
def test_layer_bytes_are_measured(kind: str) -> None:
    """What a Qwen2 layer with sdpa keeps for its backward pass; the hidden share depends a little on the heads."""

    def per_token(hidden: int, feed_forward: int) -> float:
        return (kept(hidden, feed_forward, 192) - kept(hidden, feed_forward, 128)) / 64  # so that copies of weights do not count

    def kept(hidden: int, feed_forward: int, tokens: int) -> int:
        config = Qwen2Config(
            hidden_size=hidden, intermediate_size=feed_forward, num_attention_heads=hidden // 32, num_key_value_heads=hidden // 128
        )
        config._attn_implementation = "sdpa"
        dtype = torch.bfloat16 if kind == "bfloat16" else torch.float32
        layer = Qwen2DecoderLayer(config, 0).to(dtype)
        inputs = torch.randn(1, tokens, hidden, dtype=dtype, requires_grad=True)
        rotary = Qwen2RotaryEmbedding(config)(inputs, torch.arange(tokens)[None])
        with torch.autocast("cpu", torch.bfloat16, enabled=kind == "autocast"):
            return kept_bytes(lambda: layer(inputs, position_embeddings=rotary, attention_mask=None), layer)

    base = per_token(128, 256)
    feed_forward, hidden = (per_token(128, 512) - base) / 256, (per_token(256, 256) - base) / 128
    assert feed_forward == pytest.approx(LAYER_BYTES[kind][0], rel=0.01)
    assert hidden == pytest.approx(LAYER_BYTES[kind][1], rel=0.03)


def kept_bytes(forward: Any, module: torch.nn.Module) -> int:
    """Bytes that autograd saves in a forward pass, each storage once, parameters left out."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    storages: dict[int, int] = {}
    alive = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        alive.append(tensor)
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(storages.values())


def test_known_shapes_are_complete() -> None:
    assert shapes(dataclasses.replace(PAPER, model="Qwen/Qwen2.5-7B-Instruct")).parameters == 7_615_616_512  # its safetensors' own count
    assert set(KNOWN_SHAPES) == {"Qwen/Qwen2.5-32B-Instruct", "Qwen/Qwen2.5-7B-Instruct"}
