"""ONNX, walked field by field: which operators it names, how large its numbers are, and which other files it refers to."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from catalog.artifacts.paths import check_path
from catalog.artifacts.readers import onnx_schema, rules
from catalog.artifacts.readers.protobuf import BYTES, FIX, Budget, Field, Message
from catalog.artifacts.readers.types import Broken, Finding, Reading, Refused, TooMuch, Unsafe, Verdict, fact, shorten
from catalog.artifacts.readers.window import Window

BITS = {1: ("FLOAT", 32), 2: ("UINT8", 8), 3: ("INT8", 8), 4: ("UINT16", 16), 5: ("INT16", 16), 6: ("INT32", 32), 7: ("INT64", 64),
        8: ("STRING", 0), 9: ("BOOL", 8), 10: ("FLOAT16", 16), 11: ("DOUBLE", 64), 12: ("UINT32", 32), 13: ("UINT64", 64),
        14: ("COMPLEX64", 64), 15: ("COMPLEX128", 128), 16: ("BFLOAT16", 16), 17: ("FLOAT8E4M3FN", 8), 18: ("FLOAT8E4M3FNUZ", 8),
        19: ("FLOAT8E5M2", 8), 20: ("FLOAT8E5M2FNUZ", 8), 21: ("UINT4", 4), 22: ("INT4", 4), 23: ("FLOAT4E2M1", 4),
        24: ("FLOAT8E8M0", 8), 25: ("UINT2", 2), 26: ("INT2", 2)}  # fmt: skip
NEWEST_IR = 64
NODE_LIMIT = 500_000
EXTERNAL_LIMIT = 100_000
FIX_DOMAIN = "Export with standard operators only; a custom operator needs a library that runs its own code."
FIX_EXTERNAL = "Put the weights beside the model under a plain name, or save them inside the model."


@dataclass
class Notes:
    """What the walk gathers."""

    opsets: dict[str, int] = field(default_factory=dict)
    operators: Counter[tuple[str, str]] = field(default_factory=Counter)
    functions: set[tuple[str, str]] = field(default_factory=set)
    dtypes: Counter[str] = field(default_factory=Counter)
    external: dict[str, int] = field(default_factory=dict)
    producer: str = ""
    ir_version: int = 0
    parameters: int = 0
    tensors: int = 0
    graphs: int = 0
    nodes: int = 0


def read(window: Window, name: str) -> Reading:
    """Judge a model file of ONNX."""
    notes, problem = Notes(), None
    try:
        _model(Message(window, 0, window.end - window.start, Budget()), notes)
        onnx_schema.check(Message(window, 0, window.end - window.start, Budget()))
    except Refused as refused:
        problem = refused
    findings = _operators(notes, name)
    if problem:
        findings.append(problem.finding())
    verdict: Verdict = "allow"
    if findings:
        verdict = "block" if any(item.severity in {"high", "critical"} for item in findings) else "review"
    return Reading("onnx", verdict, findings, _facts(notes))


def _model(message: Message, notes: Notes) -> None:
    for item in message.fields():
        if item.number == 1:
            notes.ir_version = message.number(item, "The version of the format")
        elif item.number == 2:
            notes.producer = shorten(message.text(item, "The name of the producer"), 100)
        elif item.number == 7:
            notes.graphs += 1
            _graph(message.inner(item, "The graph"), notes)
        elif item.number == 8:
            _opset(message.inner(item, "An operator set"), notes)
        else:
            _other_part(message, item, notes)
    if notes.graphs != 1 or not notes.opsets or not 1 <= notes.ir_version <= NEWEST_IR:
        raise Broken("The file is not a complete ONNX model: version, operator sets and one graph are needed.", where="byte 0", fix=FIX)


def _other_part(message: Message, item: Field, notes: Notes) -> None:
    if item.number == 20:
        for part in (training := message.inner(item, "Training")).fields():
            if part.number in (1, 2):
                _graph(training.inner(part, "A training graph"), notes)
    elif item.number == 25:
        _function(message.inner(item, "A function"), notes)
    elif item.number == 5:
        message.number(item, "The version of the model")
    elif item.number in (3, 4, 6, 14, 26):
        message.need(item, BYTES, "A part of the model")
    else:
        raise Broken(f"The model has the unknown part {item.number}.", where=f"byte {item.start}", fix=FIX)


def _opset(message: Message, notes: Notes) -> None:
    domain, version = "", 0
    for item in message.fields():
        if item.number == 1:
            domain = message.text(item, "The domain of an operator set")
        elif item.number == 2:
            version = message.number(item, "The version of an operator set")
    notes.opsets[domain] = version


def _function(message: Message, notes: Notes) -> None:
    name = domain = ""
    for item in message.fields():
        if item.number == 1:
            name = message.text(item, "The name of a function")
        elif item.number == 10:
            domain = message.text(item, "The domain of a function")
        elif item.number == 7:
            _node(message.inner(item, "A node"), notes)
        elif item.number == 11:
            _attribute(message.inner(item, "An attribute"), notes)
    notes.functions.add((domain, name))


def _graph(message: Message, notes: Notes) -> None:
    for item in message.fields():
        if item.number == 1:
            _node(message.inner(item, "A node"), notes)
        elif item.number == 5:
            _tensor(message.inner(item, "A tensor"), notes, initializer=True)
        elif item.number == 15:
            _sparse(message.inner(item, "A sparse tensor"), notes)
        elif item.number not in (2, 10, 11, 12, 13, 14, 16):
            raise Broken(f"The graph has the unknown part {item.number}.", where=f"byte {item.start}", fix=FIX)


def _sparse(message: Message, notes: Notes) -> None:
    for item in message.fields():
        if item.number in (1, 2):
            _tensor(message.inner(item, "A part of a sparse tensor"), notes, initializer=item.number == 1)


def _node(message: Message, notes: Notes) -> None:
    operator = domain = ""
    for item in message.fields():
        if item.number == 4:
            operator = message.text(item, "The type of a node")
        elif item.number == 7:
            domain = message.text(item, "The domain of a node")
        elif item.number == 5:
            _attribute(message.inner(item, "An attribute"), notes)
    if not operator:
        raise Broken("A node has no operator.", where=f"byte {message.start}", fix=FIX)
    notes.operators[(domain, operator)] += 1
    notes.nodes += 1
    if notes.nodes > NODE_LIMIT or len(notes.operators) > 5000:
        raise TooMuch(f"The model has more than {NODE_LIMIT:,} nodes or 5,000 kinds of operator.", where=f"byte {message.start}")


def _attribute(message: Message, notes: Notes) -> None:
    for item in message.fields():
        if item.number in (5, 10):
            _tensor(message.inner(item, "A tensor"), notes, initializer=False)
        elif item.number in (6, 11):
            _graph(message.inner(item, "A graph inside a node"), notes)
        elif item.number in (22, 23):
            _sparse(message.inner(item, "A sparse tensor"), notes)


@dataclass
class _Tensor:
    name: str = ""
    shape: list[int] = field(default_factory=list)
    kind: int = 0
    raw: int | None = None
    outside: bool = False
    external: dict[str, str] = field(default_factory=dict)


def _tensor(message: Message, notes: Notes, *, initializer: bool) -> None:
    tensor = _Tensor()
    for item in message.fields():
        _tensor_part(message, item, tensor)
    label = f"The tensor “{shorten(tensor.name, 80)}”"
    where = f"byte {message.start}"
    if tensor.kind not in BITS or len(tensor.shape) > 64:
        raise Broken(f"{label} has an unknown type or too many dimensions.", where=where, fix=FIX)
    dtype, bits = BITS[tensor.kind]
    count = 1
    for side in tensor.shape:
        count *= side
        if count >= 2**60:
            raise Broken(f"{label} is impossibly large.", where=where, fix=FIX)
    size = -(-count * bits // 8)
    if tensor.outside or tensor.external:
        _external(tensor, notes, label, where, size)
    elif tensor.raw is not None and tensor.raw != size:
        raise Broken(f"{label} holds {tensor.raw:,} bytes, but its shape and type need {size:,}.", where=where, fix=FIX)
    if initializer:
        notes.tensors += 1
        notes.parameters += count
        notes.dtypes[dtype] += 1


def _tensor_part(message: Message, item: Field, tensor: _Tensor) -> None:
    if item.number == 1:
        tensor.shape += message.numbers(item, "The shape of a tensor")
    elif item.number == 2:
        tensor.kind = message.number(item, "The type of a tensor")
    elif item.number == 8:
        tensor.name = message.text(item, "The name of a tensor")
    elif item.number == 9:
        message.need(item, BYTES, "The numbers of a tensor")
        tensor.raw = item.length
    elif item.number == 13:
        _reference(message.inner(item, "A reference to another file"), tensor)
    elif item.number == 14:
        tensor.outside = message.number(item, "The place of a tensor") == 1


def _reference(message: Message, tensor: _Tensor) -> None:
    key = value = ""
    for part in message.fields():
        if part.number == 1:
            key = message.text(part, "A reference to another file")
        elif part.number == 2:
            value = message.text(part, "A reference to another file")
    if key in tensor.external:
        raise Broken("A tensor refers to another file in two ways.", where=f"byte {message.start}", fix=FIX)
    tensor.external[key] = value


def _external(tensor: _Tensor, notes: Notes, label: str, where: str, size: int) -> None:
    """Note how many bytes of the other file are needed; a name that leaves the folder is refused."""
    location = tensor.external.get("location", "")
    try:
        check_path(location)
    except ValueError as error:
        message = f"{label} takes its numbers from “{shorten(location, 100)}”: {error}"
        raise Unsafe(message, where=where, fix=FIX_EXTERNAL, check="onnx.external") from error
    numbers = {}
    for key in ("offset", "length"):
        value = tensor.external.get(key, "0" if key == "offset" else str(size))
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            raise Broken(f"{label} has no proper {key} in the other file.", where=where, fix=FIX_EXTERNAL)
        numbers[key] = int(value)
    if size and numbers["length"] != size:
        raise Broken(f"{label} takes {numbers['length']:,} bytes, but its shape and type need {size:,}.", where=where, fix=FIX_EXTERNAL)
    if len(notes.external) >= EXTERNAL_LIMIT:
        raise TooMuch("The model refers to too many other files.", where=where)
    notes.external[location] = max(notes.external.get(location, 0), numbers["offset"] + numbers["length"])


def _operators(notes: Notes, name: str) -> list[Finding]:
    domains, training, calls_out = (rules.names("onnx", key) for key in ("domains", "training", "calls_out"))
    findings: list[Finding] = []
    foreign = [key for key in sorted(notes.operators) if key[0] not in domains and key not in notes.functions]
    for domain, operator in foreign[:20]:
        label = shorten(f"{domain}.{operator}", 150)
        if domain in training:
            message = f"{name} uses the training operator {label}, so a person has to look at it."
            findings.append(Finding("onnx.operators", "medium", message, f"node {label}", FIX_DOMAIN, "other"))
        else:
            message = f"{name} needs the custom operator {label}, which runs code that is not in the file."
            findings.append(Finding("onnx.operators", "critical", message, f"node {label}", FIX_DOMAIN, "code"))
    for domain, operator in sorted(notes.operators):
        if domain in domains and (operator in calls_out or operator.startswith("Py")):
            message = f"{name} uses the operator {shorten(operator, 80)}, which calls code outside of the model."
            findings.append(Finding("onnx.operators", "critical", message, f"node {shorten(operator, 80)}", FIX_DOMAIN, "code"))
    local = {domain for domain, _ in notes.functions} - domains
    if local and not findings:
        listed = shorten(", ".join(sorted(local)), 200)
        message = f"{name} brings its own functions under {listed}; a person has to look at them."
        findings.append(Finding("onnx.operators", "medium", message, "functions", FIX_DOMAIN, "other"))
    return findings


def _facts(notes: Notes) -> dict[str, Any]:
    where = "graph"
    facts: dict[str, Any] = {
        "parameters": fact(notes.parameters, "initializers"),
        "tensors": fact(notes.tensors, "initializers"),
        "dtypes": fact(dict(sorted(notes.dtypes.items())), "initializers"),
        "opsets": fact({shorten(domain, 100) or "ai.onnx": version for domain, version in list(notes.opsets.items())[:50]}, "model"),
        "operators": fact({shorten(operator, 80): count for (_, operator), count in notes.operators.most_common(50)}, where),
        "library": fact("onnx", "model"),
        "ir_version": fact(notes.ir_version, "model"),
    }
    if notes.producer:
        facts["producer"] = fact(notes.producer, "model")
    if notes.external:
        facts["external_data"] = fact({name: size for name, size in list(notes.external.items())[:1000]}, "initializers")
    return facts
