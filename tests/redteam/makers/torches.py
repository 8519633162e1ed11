"""Torch files, new and old: state dictionaries, whole modules, and what must not be in them."""

import io
import pickle
import zipfile
from collections import OrderedDict

import payloads
import torch
from pickles import Evil
from safetensors.torch import save
from torch import nn


def saved(value, **how) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **how)
    return stream.getvalue()


MODELS = {
    "linear": lambda: nn.Linear(4, 3),
    "mlp": lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2)),
    "conv": lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Flatten()),
    "lstm": lambda: nn.LSTM(3, 5, 2),
    "gru": lambda: nn.GRU(3, 5),
    "transformer": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "embedding": lambda: nn.Embedding(10, 4),
    "attention": lambda: nn.MultiheadAttention(8, 2),
}
DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "float8_e4m3fn", "uint16")


def make(out):
    torch.manual_seed(0)
    for name, build in MODELS.items():
        model = build()
        out.good(f"torch-state-{name}", "pytorch_model.bin", saved(model.state_dict()))
        out.good(f"torch-legacy-{name}", "model.pt", saved(model.state_dict(), _use_new_zipfile_serialization=False))
        out.good(f"torch-whole-{name}", "model.pth", saved(model))
        out.good(f"torch-safetensors-{name}", "model.safetensors", save(dict(model.state_dict())))
    for name in DTYPES:
        value = torch.zeros(6, dtype=getattr(torch, name)).reshape(2, 3)
        out.good(f"torch-dtype-{name}", "t.pt", saved({"t": value, "view": value[:, 1:], "turned": value.T}))
        out.good(f"torch-dtype-legacy-{name}", "t.pt", saved({"t": value}, _use_new_zipfile_serialization=False))
    model = MODELS["mlp"]()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    checkpoint = {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "args": OrderedDict(lr=0.1)}
    out.good("torch-checkpoint", "checkpoint.ckpt", saved(checkpoint))
    out.good("torch-parameter", "p.pt", saved(nn.Parameter(torch.ones(3))))
    hostile(out)


def rewritten(data: bytes, changes: dict[str, bytes | None], *, packed: bool = False, extra: dict[str, bytes] | None = None) -> bytes:
    """Return a torch file with members exchanged, left out or added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            inner = name.partition("/")[2]
            if inner not in changes:
                new.writestr(name, old.read(name))
            elif changes[inner] is not None:
                new.writestr(name, changes[inner])
        for name, content in (extra or {}).items():
            new.writestr(f"{old.namelist()[0].partition('/')[0]}/{name}", content)
    return stream.getvalue()


def hostile(out):
    evil = Evil(eval, "1")
    good = saved({"w": torch.zeros(4, 4)})
    for name, how in (("zip", {}), ("legacy", {"_use_new_zipfile_serialization": False})):
        out.bad(f"torch-{name}", "model.pt", saved({"w": torch.zeros(3), "x": evil}, **how))
        out.bad(f"torch-{name}-bin", "pytorch_model.bin", saved(evil, **how))
    for name in ("os.system", "torch.hub.load", "torch.load", "builtins.eval", "posix.system", "torch.storage._load_from_bytes", "functools.partial"):
        out.bad(f"torch-pickle-{name}", "model.pt", rewritten(good, {"data.pkl": payloads.calling(name)}))
    out.bad("torch-packed", "model.pt", rewritten(good, {"data.pkl": payloads.calling("os.system")}, packed=True))
    out.bad("torch-second-pickle", "model.pt", rewritten(good, {}, extra={"constants.pkl": payloads.calling("os.system")}))
    out.bad("torch-python", "model.pt", rewritten(good, {}, extra={"code/__torch__.py": b"import os\n"}))
    out.bad("torch-library", "model.pt", rewritten(good, {}, extra={"lib.so": b"\x7fELF"}))
    out.bad("torch-foreign-member", "model.pt", rewritten(good, {}, extra={"notes.txt": b"x"}))
    out.bad("torch-short-storage", "model.pt", rewritten(good, {"data/0": b"\0" * 8}))
    out.bad("torch-no-storage", "model.pt", rewritten(good, {"data/0": None}))
    out.bad("torch-no-pickle", "model.pt", rewritten(good, {"data.pkl": None}))
    out.bad("torch-behind-pickle", "model.pt", rewritten(good, {"data.pkl": b"\x80\x02N." + payloads.calling("os.system")}))
    with out.trying("torchscript"):
        stream = io.BytesIO()
        torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2)), stream)
        out.bad("torch-script", "model.pt", stream.getvalue())
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    out.bad("torch-legacy-info", "model.pt", magic + payloads.calling("os.system") + pickle.dumps({}, 2) + pickle.dumps([], 2))
    out.bad("torch-legacy-keys", "model.pt", magic + pickle.dumps({}, 2) + pickle.dumps({}, 2) + payloads.calling("os.system"))
    legacy = saved({"w": torch.zeros(3)}, _use_new_zipfile_serialization=False)
    out.bad("torch-legacy-tail", "model.pt", legacy + payloads.calling("os.system"))
    out.bad("torch-as-safetensors", "model.safetensors", saved(evil))
