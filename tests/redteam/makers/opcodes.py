"""Pickles written opcode by opcode: every gadget, every form of the same call, and types of numpy that lie."""

import bz2
import gzip
import lzma
import zlib

import payloads


def make(out):
    for name in payloads.GADGETS:
        out.bad(f"pickle-gadget-{name}", "model.pkl", payloads.calling(name))
    for name, data in payloads.FORMS.items():
        out.bad(f"pickle-form-{name}", "model.pkl", data)
    out.bad("pickle-hidden-objects", "model.pkl", payloads.hidden_object_type())
    out.bad("pickle-changed-type", "model.pkl", payloads.type_changed_later())
    out.bad("joblib-disguised-wrapper", "model.joblib", payloads.wrapper_in_disguise())
    evil = payloads.calling("os.system")
    packers = {
        "zlib": zlib.compress,
        "gzip": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    }
    for name, pack in packers.items():
        out.bad(f"joblib-{name}", "model.joblib", pack(evil))
