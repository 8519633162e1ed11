"""Keras models and HDF5 files, and the ways in which they carry code or lead out of themselves."""

import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import h5py
import keras
import numpy as np
import payloads
from keras import layers

MODELS = {
    "dense": [layers.Input((8,)), layers.Dense(4, "relu"), layers.Dense(1)],
    "conv": [layers.Input((12, 12, 1)), layers.Conv2D(3, 3), layers.BatchNormalization(), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(2)],
    "lstm": [layers.Input((5, 3)), layers.LSTM(4), layers.Dropout(0.1), layers.Dense(2, "softmax")],
    "gru": [layers.Input((5, 3)), layers.Bidirectional(layers.GRU(4)), layers.Dense(1, kernel_regularizer="l2")],
    "embedding": [layers.Input((7,)), layers.Embedding(20, 4), layers.GlobalAveragePooling1D(), layers.LayerNormalization()],
    "separable": [layers.Input((8, 8, 3)), layers.SeparableConv2D(4, 3), layers.GlobalMaxPooling2D()],
    "rescaling": [layers.Input((4,)), layers.Rescaling(0.5), layers.Activation("tanh")],
    "custom-start": [
        layers.Input((4,)),
        layers.Dense(3, kernel_initializer=keras.initializers.HeNormal(), kernel_constraint=keras.constraints.MaxNorm(2)),
    ],
}


def saved(model, ending=".keras") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{ending}"
        model.save(path)
        return path.read_bytes()


def make(out):
    made = {}
    for name, parts in MODELS.items():
        with out.trying(f"keras {name}"):
            made[name] = model = keras.Sequential(parts)
            model.compile("adam", "mse")
            out.good(f"keras-{name}", "model.keras", saved(model))
            out.good(f"keras-{name}-h5", "model.h5", saved(model, ".h5"))
            model.save_weights(out.folder("benign", f"keras-{name}-weights") / "model.weights.h5")
    first = layers.Input((4,))
    second = layers.Dense(4)(first)
    functional = keras.Model(first, keras.ops.relu(layers.Add()([first, second])) + 1)
    out.good("keras-functional", "model.keras", saved(functional))
    hdf5(out)
    hostile(out, saved(made["dense"]), made["dense"])


def changed(data: bytes, change, extra=None) -> bytes:
    """Return a Keras file with another description, or another member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                value = json.loads(content)
                change(value)
                content = json.dumps(value).encode()
            new.writestr(name, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return stream.getvalue()


def same(_value):
    """A change that changes nothing."""


def layer(module, class_name, config=None, **more):
    """A change that puts one more layer into a description."""
    entry = {"module": module, "class_name": class_name, "config": config or {"name": "x"}, "registered_name": None, **more}
    return lambda value: value["config"]["layers"].append(entry)


HOSTILE = {
    "lambda": layer(
        "keras.layers",
        "Lambda",
        {"name": "x", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}},
    ),
    "function": layer("builtins", "function", "eval"),
    "function-os": layer("os", "function", "system"),
    "os": layer("os", "system"),
    "subprocess": layer("subprocess", "Popen", {"args": "echo"}),
    "own-module": layer("my_layers", "MyLayer"),
    "package": layer("my_layers", "MyLayer", registered_name="mine>MyLayer"),
    "get-file": layer("keras.utils", "get_file", {"fname": "x", "origin": "http://example.com"}),
    "load-model": layer("keras.models", "load_model", {"filepath": "/tmp/x.keras"}),
    "unsafe": layer("keras.config", "enable_unsafe_deserialization", {}),
    "torch": layer("keras.layers", "TorchModuleWrapper", {"module": "gAJOLg=="}),
    "tfsm": layer("keras.layers", "TFSMLayer", {"filepath": "/tmp/x"}),
    "jax": layer("keras.layers", "JaxLayer", {}),
    "flax": layer("keras.layers", "FlaxLayer", {}),
    "vocabulary": layer("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}),
    "vocabulary-text": layer("keras.layers", "TextVectorization", {"vocabulary": "../../secret.txt"}),
    "idf": layer("keras.layers", "IntegerLookup", {"idf_weights": "/etc/shadow"}),
    "nested": layer("keras.layers", "TimeDistributed", {"layer": {"module": "keras.layers", "class_name": "Lambda", "config": {}}}),
    "typespec": layer("builtins", "__typespec__", {"module": "os", "spec_name": "system"}),
    "similar-module": layer("kerasx.layers", "Dense"),
    "internal-module": layer("keras.src.utils.python_utils", "func_load"),
    "no-module": layer(None, "system"),
}


def hostile(out, data, model):
    for name, change in HOSTILE.items():
        out.bad(f"keras-{name}", "model.keras", changed(data, change))
    for name in ("os", "lambda"):
        out.bad(
            f"keras-compile-{name}",
            "model.keras",
            changed(
                data,
                lambda value, n=name: value.update(
                    compile_config={
                        "loss": {"module": "os" if n == "os" else "keras.layers", "class_name": "Lambda" if n != "os" else "system", "config": {}}
                    }
                ),
            ),
        )
    out.bad("keras-python", "model.keras", changed(data, same, {"evil.py": b"import os"}))
    out.bad("keras-pickle", "model.keras", changed(data, same, {"assets/x.txt": payloads.calling("os.system")}))
    out.bad("keras-slip", "model.keras", changed(data, same, {"../x.txt": b"x"}))
    out.bad("keras-lambda-real", "model.keras", saved(keras.Sequential([layers.Input((3,)), layers.Lambda(lambda value: value * 2)])))
    with out.trying("lambda h5"):
        out.bad("keras-lambda-h5", "model.h5", saved(keras.Sequential([layers.Input((3,)), layers.Lambda(lambda value: value * 2)]), ".h5"))
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/x")
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, weights.getvalue() if name.endswith(".h5") else old.read(name))
    out.bad("keras-external-weights", "model.keras", stream.getvalue())


def h5(fill, **how) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w", **how) as file:
        fill(file)
    return stream.getvalue()


def many(file):
    for number in range(120):
        file.create_dataset(f"d{number}", data=np.arange(number % 7))
        file.attrs[f"a{number}"] = "x" * number
    file.create_group("g").attrs["names"] = np.array([b"a", b"b"])
    file.create_dataset("packed", data=np.arange(400).reshape(20, 20), chunks=(5, 5), compression="gzip", shuffle=True)
    file.create_dataset("lzf", data=np.arange(100), compression="lzf")
    file.create_dataset("texts", data=["ä", "b"], dtype=h5py.string_dtype())
    file.create_dataset("mixed", data=np.zeros(3, dtype=[("a", "f4"), ("b", "i8")]))
    file["again"] = file["g"]
    file["soft"] = h5py.SoftLink("/g")
    file["kind"] = np.dtype("f8")
    file.create_dataset("named", shape=(3,), dtype=file["kind"])


def hdf5(out):
    for version in ("earliest", "latest", "v108", "v110"):
        out.good(f"hdf5-{version}", "data.h5", h5(many, libver=version if version in ("earliest", "latest") else (version, version)))
        out.good(
            f"hdf5-{version}-ordered",
            "data.hdf5",
            h5(many, libver=version if version in ("earliest", "latest") else (version, version), track_order=True),
        )
        libver = version if version in ("earliest", "latest") else (version, version)
        for name, fill in H5.items():
            if name != "virtual" or version in ("latest", "v110"):
                out.bad(f"hdf5-{name}-{version}", "data.h5", h5(fill, libver=libver))
    out.bad("hdf5-userblock", "data.h5", h5(many, userblock_size=512))
    out.bad("hdf5-tail", "data.h5", h5(many) + b"\x80\x04N.")


def crowd(file):
    for number in range(80):
        file[f"d{number}"] = number
    file["zz"] = h5py.ExternalLink("/etc/passwd", "/x")


def virtual(file):
    layout = h5py.VirtualLayout((5,), "f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "d", (5,))
    file.create_virtual_dataset("v", layout)


H5 = {
    "external-link": lambda file: file.__setitem__("a", h5py.ExternalLink("/etc/passwd", "/x")),
    "external-link-crowd": crowd,
    "external-data": lambda file: file.create_dataset("a", shape=(10,), dtype="u1", external=[("/etc/passwd", 0, 10)]),
    "virtual": virtual,
    "soft-out": lambda file: file.__setitem__("a", h5py.SoftLink("../../x")),
    "bomb": lambda file: file.create_dataset("b", shape=(10**6, 10**5), dtype="f4", chunks=(1000, 1000), compression="gzip"),
    "pickle-attribute": lambda file: file.attrs.__setitem__("meta", np.bytes_(payloads.FORMS["global"])),
    "pickle-table": lambda file: file.create_dataset("t", data=[1]).attrs.__setitem__("PSEUDOATOM", np.bytes_("object")),
    "lambda": lambda file: file.attrs.__setitem__(
        "model_config", json.dumps({"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {}}]}})
    ),
    "class": lambda file: file.attrs.__setitem__(
        "model_config", json.dumps({"class_name": "Sequential", "config": {"layers": [{"class_name": "os.system", "config": {}}]}})
    ),
}
