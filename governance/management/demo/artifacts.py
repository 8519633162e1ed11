"""Small real model files for the demo world, made on the spot: the same seed gives the same bytes."""

import hashlib
import itertools
import json
import pickle
import struct
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

Weights = dict[str, NDArray[np.float32]]
Files = list[tuple[str, bytes]]

FRAMEWORK = {
    "safetensors": "transformers",
    "onnx": "onnxruntime",
    "gguf": "llama.cpp",
    "pickle": "scikit-learn",
    "malicious": "scikit-learn",
}


ARCHITECTURE = {"token-classification": "BertForTokenClassification"}


def artifact_files(kind: str, seed: int, **about: object) -> Files:
    """Return the files of one small model as (path, bytes).

    `kind` is one of safetensors, onnx, gguf, pickle and malicious. `about` may hold name, summary, license, task, architecture,
    language and base_model for the texts, and hidden, layers and vocabulary for the size.
    """
    if kind not in MAKERS:
        raise ValueError(f"There is no kind “{kind}”; choose one of {', '.join(sorted(MAKERS))}.")
    return [*MAKERS[kind](seed, about), ("README.md", readme(kind, about))]


def weights(seed: int, *, hidden: int = 48, layers: int = 2, vocabulary: int = 96) -> Weights:
    """Draw the weights of a small transformer-shaped network."""
    draw = np.random.default_rng(seed)

    def matrix(*shape: int) -> NDArray[np.float32]:
        return np.asarray(draw.standard_normal(shape) / np.sqrt(shape[-1]), dtype=np.float32)

    found: Weights = {"embeddings.weight": matrix(vocabulary, hidden)}
    for layer in range(layers):
        prefix = f"encoder.layer.{layer}"
        found[f"{prefix}.attention.weight"] = matrix(hidden, hidden)
        found[f"{prefix}.attention.bias"] = np.zeros(hidden, np.float32)
        found[f"{prefix}.dense.weight"] = matrix(hidden * 2, hidden)
        found[f"{prefix}.output.weight"] = matrix(hidden, hidden * 2)
    found["classifier.weight"] = matrix(3, hidden)
    found["classifier.bias"] = np.zeros(3, np.float32)
    return found


def readme(kind: str, about: Mapping[str, object]) -> bytes:
    """Write the card that lies beside the files, with its YAML head."""
    name, summary = str(about.get("name", "Small demo model")), str(about.get("summary", "A small network for trying things out."))
    head = {
        "license": str(about.get("license", "proprietary")),
        "library_name": FRAMEWORK[kind],
        "pipeline_tag": str(about.get("task", "text-classification")),
        "language": str(about.get("language", "en")),
    }
    if about.get("base_model"):
        head["base_model"] = str(about["base_model"])
    lines = [
        "---",
        *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()),
        "---",
        f"# {name}",
        "",
        summary,
        "",
    ]
    lines += [
        "## What it is for",
        "Trying out how a model travels from upload to approval. The weights are random numbers, so its answers mean nothing.",
        "",
        "## Limitations",
        "It was never trained. Do not use it for a decision about anything.",
        "",
    ]
    return "\n".join(lines).encode()


def _sizes(about: Mapping[str, object]) -> dict[str, int]:
    return {key: value for key in ("hidden", "layers", "vocabulary") if isinstance(value := about.get(key), int)}


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _safetensors(seed: int, about: Mapping[str, object]) -> Files:
    sizes = {"hidden": 48, "layers": 2, "vocabulary": 96} | _sizes(about)
    config: dict[str, object] = {
        "architectures": [str(about.get("architecture") or ARCHITECTURE.get(str(about.get("task")), "BertForSequenceClassification"))],
        "model_type": str(about.get("model_type", "bert")),
        "_name_or_path": str(about.get("name", "small-demo-model")),
        "hidden_size": sizes["hidden"],
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": 4,
        "vocab_size": sizes["vocabulary"],
        "max_position_embeddings": 512,
        "torch_dtype": "float32",
        "transformers_version": "4.57.0",
    }
    files = [("model.safetensors", save(weights(seed, **sizes), metadata={"format": "pt"})), ("config.json", _json(config))]
    return files if config["model_type"] == "vit" else [*files, ("tokenizer.json", _json(_tokenizer(sizes["vocabulary"])))]


def _tokenizer(size: int) -> dict[str, object]:
    """Return the smallest tokenizer that its library opens: one number per word."""
    words = ["[UNK]", *(f"word{number}" for number in range(1, size))]
    model = {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)}, "unk_token": "[UNK]"}
    parts = ("truncation", "padding", "normalizer", "post_processor", "decoder")
    return {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model} | dict.fromkeys(parts)


# --- ONNX: the few protobuf messages that a stack of matrix products needs


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _part(field: int, data: bytes | str) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _onnx_tensor(name: str, values: NDArray[np.float32]) -> bytes:
    shape = b"".join(_number(1, side) for side in values.shape)
    return shape + _number(2, 1) + _part(8, name) + _part(9, values.astype("<f4").tobytes())


def _onnx_value(name: str, width: int) -> bytes:
    shape = _part(1, _part(2, "batch")) + _part(1, _number(1, width))
    return _part(1, name) + _part(2, _part(1, _number(1, 1) + _part(2, shape)))


def _onnx_node(operator: str, inputs: list[str], output: str) -> bytes:
    return b"".join(_part(1, name) for name in inputs) + _part(2, output) + _part(3, f"make_{output}") + _part(4, operator)


def _onnx(seed: int, about: Mapping[str, object]) -> Files:
    draw = np.random.default_rng(seed)
    hidden = _sizes(about).get("hidden", 64)
    widths = [32, hidden, hidden, 3]
    nodes, tensors, current = [], [], "features"
    for layer, (inside, outside) in enumerate(itertools.pairwise(widths)):
        tensors.append(_onnx_tensor(f"weight{layer}", draw.standard_normal((inside, outside)).astype(np.float32)))
        tensors.append(_onnx_tensor(f"bias{layer}", np.zeros(outside, np.float32)))
        nodes.append(_onnx_node("MatMul", [current, f"weight{layer}"], f"product{layer}"))
        nodes.append(_onnx_node("Add", [f"product{layer}", f"bias{layer}"], f"sum{layer}"))
        nodes.append(_onnx_node("Relu" if outside != 3 else "Softmax", [f"sum{layer}"], f"layer{layer}"))
        current = f"layer{layer}"
    graph = b"".join(_part(1, node) for node in nodes) + _part(2, "network") + b"".join(_part(5, tensor) for tensor in tensors)
    graph += _part(11, _onnx_value("features", widths[0])) + _part(12, _onnx_value(current, widths[-1]))
    model = _number(1, 8) + _part(2, "demo world") + _part(7, graph) + _part(8, _part(1, "") + _number(2, 17))
    return [("model.onnx", model)]


# --- GGUF: header, a few facts, the tensor table, aligned numbers


def _gguf_text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _gguf(seed: int, about: Mapping[str, object]) -> Files:
    sizes = {"hidden": 48, "layers": 2, "vocabulary": 96} | _sizes(about)
    architecture = str(about.get("architecture", "llama"))
    texts = {"general.architecture": architecture, "general.name": str(about.get("name", "Small demo model")),
             "general.license": str(about.get("license", "proprietary"))}  # fmt: skip
    numbers = {"general.alignment": 32, f"{architecture}.context_length": 2048, f"{architecture}.block_count": sizes["layers"]}
    keys = [_gguf_text(key) + struct.pack("<I", 8) + _gguf_text(text) for key, text in texts.items()]
    keys += [_gguf_text(key) + struct.pack("<II", 4, number) for key, number in numbers.items()]
    table, data = b"", b""
    drawn = weights(seed, **sizes)
    for name, values in drawn.items():
        dims = b"".join(struct.pack("<Q", side) for side in reversed(values.shape))
        table += _gguf_text(name) + struct.pack("<I", values.ndim) + dims + struct.pack("<IQ", 0, len(data))
        raw = values.astype("<f4").tobytes()
        data += raw + b"\0" * (-len(raw) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(drawn), len(keys)) + b"".join(keys) + table
    return [("model.gguf", head + b"\0" * (-len(head) % 32) + data)]


# --- pickles: one of plain containers, and one that a gate must stop


def _pickle(seed: int, about: Mapping[str, object]) -> Files:
    state = {
        "format": "plain state, version 1",
        "name": str(about.get("name", "Small demo model")),
        "weights": {
            name: {"shape": values.shape, "dtype": "<f4", "data": values.astype("<f4").tobytes()}
            for name, values in weights(seed, **_sizes(about)).items()
        },
    }
    return [("model.pkl", pickle.dumps(state, protocol=4))]


def _malicious(seed: int, about: Mapping[str, object]) -> Files:
    """Write opcodes by hand: a pickle whose import a gate must name, around ordinary ballast; nothing here ever loads it."""
    ballast = hashlib.shake_256(str(seed).encode()).digest(24 * 1024)
    opcodes = b"\x80\x04" + b"B" + struct.pack("<I", len(ballast)) + ballast + b"0"
    for text in ("os", "system"):
        opcodes += b"\x8c" + bytes([len(text)]) + text.encode()
    command = "echo this demo file was loaded without being checked"
    opcodes += b"\x93" + b"\x8c" + bytes([len(command)]) + command.encode() + b"\x85R."
    return [("model.pkl", opcodes)]


MAKERS: dict[str, Callable[[int, Mapping[str, object]], Files]] = {
    "safetensors": _safetensors,
    "onnx": _onnx,
    "gguf": _gguf,
    "pickle": _pickle,
    "malicious": _malicious,
}
