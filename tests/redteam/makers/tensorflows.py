"""TensorFlow's files, written field by field after what TensorFlow itself writes: it is too large to install for a test."""

import json


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def part(field: int, data) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(value: str) -> bytes:
    """An attribute that holds a constant text."""
    return part(5, part(1, "value") + part(2, part(8, number(1, 7) + part(8, value))))


def named(function: str) -> bytes:
    """An attribute that names a function."""
    return part(5, part(1, "f") + part(2, part(10, part(1, function))))


def node(name: str, operation: str, *inputs: str, more: bytes = b"") -> bytes:
    return part(1, name) + part(2, operation) + b"".join(part(3, item) for item in inputs) + more


def function(name: str, arguments, *nodes: bytes) -> bytes:
    signature = part(1, name) + b"".join(part(2, part(1, item) + number(3, 1)) for item in arguments)
    return part(1, part(1, signature) + b"".join(part(3, item) for item in nodes))


def graph(*nodes: bytes, functions: bytes = b"") -> bytes:
    return b"".join(part(1, item) for item in nodes) + part(2, functions) + part(4, number(1, 2000))


def saved(body: bytes, objects: bytes = b"") -> bytes:
    return number(1, 1) + part(2, part(1, part(4, "serve")) + part(2, body) + (part(7, objects) if objects else b""))


X = node("x", "Placeholder")
SAVE = function(
    "__inference__traced_save_1",
    ["file_prefix", "t"],
    node("sharded", "ShardedFilename", "file_prefix", "i", "n"),
    node("save", "SaveV2", "sharded:filename:0", "names", "slices", "t"),
)


def make(out):
    compute = graph(X, node("w", "VarHandleOp"), node("y", "MatMul", "x", "w"), node("z", "Relu", "y"))
    out.good("tf-compute", "saved_model.pb", saved(compute))
    out.good("tf-frozen", "graph.pb", compute)
    saver = graph(
        node("name", "Placeholder"), node("call", "StatefulPartitionedCall", "name", "x", more=named("__inference__traced_save_1")), X, functions=SAVE
    )
    out.good("tf-saver", "saved_model.pb", saved(saver))
    out.good(
        "tf-function",
        "saved_model.pb",
        saved(
            graph(
                X,
                node("c", "PartitionedCall", "x", more=named("__inference_f_1")),
                functions=function("__inference_f_1", ["a"], node("r", "Relu", "a")),
            )
        ),
    )
    default = graph(node("c", "Const", more=text("model")), node("p", "PlaceholderWithDefault", "c"), node("s", "SaveV2", "p", "n", "l", "x"), X)
    out.good("tf-default-name", "saved_model.pb", saved(default))
    out.good("tf-fingerprint", "fingerprint.pb", b"".join(number(field, 2**63 + field) for field in (1, 2, 3, 4, 5)) + part(6, number(1, 1)))
    layer = part(
        1, number(2, 1) + part(3, "root") + part(4, "_tf_keras_layer") + part(5, json.dumps({"class_name": "Dense", "config": {"units": 3}}))
    )
    out.good("tf-keras-metadata", "keras_metadata.pb", layer)
    for operation in ("ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "MatchingFiles", "Save", "PrintV2", "DebugIdentityV2", "LoadDataset", "TextLineDataset",
                      "TFRecordDataset", "RpcClient", "RemoteCall", "CustomOp", "WholeFileReaderV2", "CreateSummaryFileWriter", "DumpTensor", "LMDBDataset", "_Send"):  # fmt: skip
        out.bad(f"tf-op-{operation}", "saved_model.pb", saved(graph(X, node("e", operation, "x"))))
    out.bad("tf-op-frozen", "graph.pb", graph(X, node("e", "ReadFile", "x")))
    out.bad("tf-op-in-function", "saved_model.pb", saved(graph(X, functions=function("__inference_f_1", ["a"], node("e", "WriteFile", "a", "a")))))
    out.bad("tf-op-named", "saved_model.pb", saved(graph(X, node("c", "PartitionedCall", "x", more=named("ReadFile")))))
    out.bad(
        "tf-op-shadowed",
        "saved_model.pb",
        saved(graph(X, node("c", "WriteFile", "x"), functions=function("WriteFile", ["a"], node("r", "Relu", "a")))),
    )
    out.bad(
        "tf-save-constant", "saved_model.pb", saved(graph(X, node("c", "Const", more=text("/tmp/evil")), node("s", "SaveV2", "c", "n", "l", "x")))
    )
    out.bad(
        "tf-save-default",
        "saved_model.pb",
        saved(
            graph(
                node("c", "Const", more=text("/etc/cron.d/x")), node("p", "PlaceholderWithDefault", "c"), node("s", "SaveV2", "p", "n", "l", "x"), X
            )
        ),
    )
    out.bad(
        "tf-save-called",
        "saved_model.pb",
        saved(
            graph(
                X,
                node("c", "Const", more=text("/tmp/evil")),
                node("call", "StatefulPartitionedCall", "c", "x", more=named("__inference__traced_save_1")),
                functions=SAVE,
            )
        ),
    )
    climbing = function(
        "__inference__traced_save_1",
        ["p", "t"],
        node("u", "Const", more=text("/../../etc/x")),
        node("j", "StringJoin", "p", "u"),
        node("s", "SaveV2", "j", "n", "l", "t"),
    )
    out.bad(
        "tf-save-climbing",
        "saved_model.pb",
        saved(
            graph(
                node("name", "Placeholder"),
                node("call", "StatefulPartitionedCall", "name", "x", more=named("__inference__traced_save_1")),
                X,
                functions=climbing,
            )
        ),
    )
    evil = json.dumps({"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}})
    out.bad("tf-keras-lambda", "keras_metadata.pb", part(1, number(2, 1) + part(3, "root") + part(4, "_tf_keras_layer") + part(5, evil)))
    out.bad("tf-object-lambda", "saved_model.pb", saved(compute, part(1, part(4, part(1, "_tf_keras_layer") + part(3, evil)))))
    out.bad("tf-unknown-part", "saved_model.pb", saved(compute + part(9, b"x")))
