"""Pickles: known classes go to a person, everything else is blocked with file, place, instruction and import."""

import io
import pickle
import pickletools
import struct
import zlib
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.artifacts.readers import read_file, rules
from catalog.artifacts.readers.pickles import judge as reader
from tests.catalog.artifacts.build import calling, good, short, stack_global, torch_zip, zip_of


def reading(tmp_path, data, name="model.pkl"):
    path = tmp_path / "file"
    path.write_bytes(data)
    return read_file(path, name)


STATE = {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "names": ["a", "b"], "nested": OrderedDict(x=(1, 2.5, None, True, b"raw", {1, 2}))}


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_containers_are_plain_data_in_every_protocol(tmp_path, protocol):
    found = reading(tmp_path, pickle.dumps(STATE, protocol=protocol))
    assert (found.verdict, found.format) == ("allow", "pickle"), found.findings
    assert "OrderedDict" in str(found.facts["imports"]["value"])


def test_a_pickle_without_any_import_is_plain_data(tmp_path):
    assert reading(tmp_path, good("pickle")).verdict == "allow"


def test_known_classes_go_to_a_person_who_is_told_which(tmp_path):
    found = reading(tmp_path, b"\x80\x04" + stack_global("sklearn.linear_model._base", "LinearRegression") + b")\x81.")
    assert (found.verdict, found.findings[0].severity) == ("review", "medium")
    assert "sklearn.linear_model._base.LinearRegression" in found.findings[0].message


SAME_CALL = {
    "GLOBAL": b"cos\nsystem\n(S'x'\ntR.",
    "INST": b"(S'x'\nios\nsystem\n.",
    "OBJ": b"\x80\x02(cos\nsystem\nX\x01\0\0\0xo.",
    "STACK_GLOBAL": calling("os", "system"),
    "NEWOBJ": b"\x80\x04" + stack_global("os", "system") + short("x") + b"\x85\x81.",
    "NEWOBJ_EX": b"\x80\x04" + stack_global("os", "system") + short("x") + b"\x85}\x92.",
    "memo": b"\x80\x04" + short("os") + b"\x940" + short("system") + b"\x940h\x00h\x01\x93" + short("x") + b"\x85R.",
    "long memo": b"\x80\x04" + short("os") + b"r\xff\xff\0\0" + b"0" + b"j\xff\xff\0\0" + short("system") + b"\x93" + short("x") + b"\x85R.",
    "old text": b"\x80\x04U\x02osU\x06system\x93" + short("x") + b"\x85R.",
    "behind ballast": good("malicious"),
    "never called": b"\x80\x04" + stack_global("os", "system") + b".",
    "dropped": b"\x80\x04" + stack_global("os", "system") + b"0N.",
    "broken after the call": calling("os", "system")[:-1] + b"\xff\xff\xff",
    "cut off after the call": calling("os", "system")[:-1],
    "second pickle": pickle.dumps({"fine": 1}) + calling("os", "system"),
}


@pytest.mark.parametrize("case", SAME_CALL)
def test_a_foreign_import_is_blocked_and_named(tmp_path, case):
    data = SAME_CALL[case]
    found = reading(tmp_path, data)
    assert found.verdict == "block", case
    finding = next(item for item in found.findings if item.kind == "code")
    assert finding.severity == "critical"
    assert "model.pkl" in finding.message
    assert "os.system" in finding.message
    place = int(finding.where.removeprefix("byte ").split(",")[0])
    opcode = finding.where.split(", ")[1]
    assert pickletools.code2op[chr(data[place])].name == opcode, "the offset points at the instruction it names"
    assert finding.fix


GADGETS = ["torch.hub.load", "torch.load", "numpy.load", "joblib.load", "builtins.getattr", "builtins.eval", "torch.storage._load_from_bytes",
           "numpy.f2py.crackfortran.myeval", "sklearn.datasets.fetch_openml", "importlib.import_module", "operator.attrgetter"]  # fmt: skip


@pytest.mark.parametrize("gadget", GADGETS)
def test_functions_of_known_libraries_are_no_known_classes(tmp_path, gadget):
    module, _, name = gadget.rpartition(".")
    assert reading(tmp_path, calling(module, name)).verdict == "block"


COMPUTED = {
    "name made by a call": b"\x80\x04" + short("os") + stack_global("builtins", "str") + short("system") + b"\x85R\x93.",
    "extension registry": b"\x80\x02\x82\x01.",
    "calling a result": b"\x80\x04" + stack_global("collections", "OrderedDict") + b")R)R.",
    "escaped text": b"\x80\x04S'o\\x73'\nS'system'\n\x93.",
    "changing a class": b"\x80\x04" + stack_global("sklearn.pipeline", "Pipeline") + b"}" + short("predict") + short("x") + b"sb.",
    "other codec": b"\x80\x04" + stack_global("_codecs", "encode") + short("x") + short("zip") + b"\x86R.",
    "dotted name": b"\x80\x04" + stack_global("collections", "OrderedDict.fromkeys") + b".",
}


@pytest.mark.parametrize("case", COMPUTED)
def test_what_cannot_be_named_is_blocked_as_code(tmp_path, case):
    found = reading(tmp_path, COMPUTED[case])
    assert found.verdict == "block"
    assert {item.kind for item in found.findings} == {"code"}


BROKEN = {
    "unknown instruction": b"\x80\x04\xff.",
    "protocol": b"\x80\x09N.",
    "no end": b"\x80\x04N",
    "nothing left to load": b"\x80\x04.",
    "empty stack": b"\x80\x04R.",
    "no mark": b"\x80\x04t.",
    "below the mark": b"\x80\x04N(0R.",
    "unknown memo": b"\x80\x04h\x07.",
    "frame too long": b"\x80\x04\x95\xff\0\0\0\0\0\0\0N.",
    "frame in frame": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x95\x02\0\0\0\0\0\0\0N.",
    "over the frame": b"\x80\x04\x95\x02\0\0\0\0\0\0\0J\0\0\0\0.",
    "text too long": b"\x80\x04X\xff\xff\xff\x7fab.",
    "huge bytes": b"\x80\x04\x8e" + b"\xff" * 8 + b".",
    "buffer outside": b"\x80\x05\x97.",
    "persistent id": b"\x80\x02Pabc\n.",
    "odd dictionary": b"\x80\x02}(Nu.",
    "garbage behind": pickle.dumps([1, 2]) + b"garbage",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_pickle_is_blocked_as_structure(tmp_path, case):
    found = reading(tmp_path, BROKEN[case])
    assert found.verdict == "block", case
    assert {item.kind for item in found.findings} == {"structure"}


def joblib_array(raw: bytes, dtype: bytes = b"f4", shape: bytes = b"K\x03\x85", pad: bytes | None = b"\x02\xff\xff") -> bytes:
    """What joblib writes for one array: a wrapper, its description, then the bytes."""
    state = b"}(" + short("shape") + shape + short("dtype") + stack_global("numpy", "dtype") + short(dtype.decode()) + b"\x89\x88\x87R"
    state += short("order") + short("C") + short("numpy_array_alignment_bytes") + (b"N" if pad is None else b"K\x10") + b"u"
    return b"\x80\x04" + stack_global("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + state + b"b" + (pad or b"") + raw


def test_joblib_arrays_are_stepped_over(tmp_path):
    data = joblib_array(struct.pack("<3f", 1, 2, 3)) + b"."
    assert reading(tmp_path, data, "model.joblib").verdict == "allow"
    assert reading(tmp_path, zlib.compress(data), "model.joblib").verdict == "allow"


def test_joblib_object_arrays_are_followed(tmp_path):
    inner = calling("os", "system")
    found = reading(tmp_path, joblib_array(inner, dtype=b"O8", pad=None) + b".", "model.joblib")
    assert "os.system" in found.findings[0].message
    assert reading(tmp_path, joblib_array(pickle.dumps(["a"]), dtype=b"O8", pad=None) + b".", "model.joblib").verdict == "allow"


def test_instructions_hidden_in_the_numbers_of_joblib_are_found(tmp_path):
    """joblib.load would skip them, pickle.load would run them."""
    hidden = b"0cos\nsystem\n(S'x'\ntR."
    hidden += b" " * (-len(hidden) % 4)
    data = joblib_array(hidden, shape=b"K" + bytes([len(hidden) // 4]) + b"\x85", pad=None) + b"."
    found = reading(tmp_path, data, "model.pkl")
    assert found.verdict == "block"
    assert any("os.system" in item.message for item in found.findings)


def test_torch_does_not_step_over_the_arrays_of_joblib(tmp_path):
    """A wrapper of joblib inside a torch file must not hide the instructions behind it: torch would run them."""
    hidden = b"0cos\nsystem\n(S'x'\ntR."
    data = joblib_array(hidden + b" " * (-len(hidden) % 4), shape=b"K" + bytes([-(-len(hidden) // 4)]) + b"\x85", pad=None) + b"."
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)
    for file in (torch_zip(data), magic + data + pickle.dumps([], 2)):
        found = reading(tmp_path, file, "m.pt")
        assert found.verdict == "block"
        assert any("os.system" in item.message for item in found.findings)


@pytest.mark.parametrize("shape", [b"K\x63\x85", b"J\xff\xff\xff\xff\x85", b"N"])
def test_a_joblib_array_that_lies_about_its_size_is_blocked(tmp_path, shape):
    assert reading(tmp_path, joblib_array(b"\0" * 12, shape=shape) + b".", "m.joblib").verdict == "block"


def test_compressed_bombs_and_other_content_are_refused(tmp_path):
    bomb = zlib.compress(b"\0" * (200 * 1024 * 1024), 9)
    found = reading(tmp_path, bomb, "m.joblib")
    assert (found.verdict, found.findings[0].kind) == ("block", "other")
    assert reading(tmp_path, zlib.compress(b"hello"), "m.joblib").verdict == "block"
    assert reading(tmp_path, zlib.compress(good("pickle"))[:-9], "m.joblib").verdict == "block"
    assert reading(tmp_path, zlib.compress(good("pickle")) + b"x", "m.joblib").verdict == "block"


def test_torch_files_old_and_new(tmp_path):
    assert reading(tmp_path, torch_zip(), "m.pt").verdict == "allow"
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    old = magic + pickle.dumps(OrderedDict(a=1), 2) + pickle.dumps(["0"], 2)
    assert reading(tmp_path, old, "m.pt").verdict == "allow"
    assert reading(tmp_path, old + b"raw numbers that nobody named", "m.pt").findings[0].kind == "structure"
    bad = magic + calling("os", "system") + pickle.dumps([], 2)
    assert "os.system" in reading(tmp_path, bad, "m.pt").findings[0].message


def test_the_pickle_inside_a_torch_file_is_judged(tmp_path):
    found = reading(tmp_path, torch_zip(calling("posix", "system")), "pytorch_model.bin")
    assert (found.verdict, found.findings[0].kind) == ("block", "code")
    assert "data.pkl, byte" in found.findings[0].where
    program = reading(tmp_path, torch_zip(extra=[("archive/code/__torch__.py", b"x")]), "m.pt")
    assert {item.kind for item in program.findings} == {"code"}
    assert reading(tmp_path, torch_zip(extra=[("archive/readme", b"x")]), "m.pt").findings[0].kind == "structure"
    missing = b"\x80\x02(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x009X\x03\0\0\0cpuK\x04tQ."
    assert reading(tmp_path, torch_zip(missing), "m.pt").findings[0].kind == "structure"


ZIPS = {
    "bytes in front": torch_zip(prefix=b"#!/bin/sh\n"),
    "bytes behind": torch_zip(suffix=b"\0"),
    "wrong checksum": torch_zip(crc=1),
    "two names": torch_zip(central_name="archive/other"),
    "encrypted": torch_zip(flags=1),
    "unknown packing": torch_zip(method=12),
    "same name twice": torch_zip(extra=[("archive/data.pkl", b"N.")]),
    "differs in case": torch_zip(extra=[("ARCHIVE/data.PKL", b"N.")]),
    "upwards": torch_zip(extra=[("archive/../../x", b"N.")]),
    "absolute": torch_zip(extra=[("/x", b"N.")]),
    "cut off": torch_zip()[:-30],
    "two folders": zip_of([("a/data.pkl", b"\x80\x02N."), ("b/version", b"3")]),
}


@pytest.mark.parametrize("case", ZIPS)
def test_an_ambiguous_container_is_blocked(tmp_path, case):
    found = reading(tmp_path, ZIPS[case], "m.pt")
    assert found.verdict == "block"
    assert "structure" in {item.kind for item in found.findings} or case == "bytes in front"


def test_a_packed_torch_file_is_read_like_a_stored_one(tmp_path):
    assert reading(tmp_path, torch_zip(method=8), "m.pt").verdict == "allow"
    assert reading(tmp_path, torch_zip(calling("os", "system"), method=8), "m.pt").findings[0].kind == "code"


def test_the_list_of_known_imports_holds_exact_names_only():
    found = yaml.safe_load((Path(rules.__file__).parent / "globals.yaml").read_text())
    names = Counter(name for level in ("allow", "review") for group in found[level].values() for name in group)
    assert max(names.values()) == 1
    assert all(name.replace(".", "").replace("_", "").isalnum() and "." in name for name in names)
    assert not {"builtins.getattr", "builtins.eval", "builtins.exec", "torch.load", "joblib.load", "numpy.load"} & set(names)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=5), st.integers(0, 400), st.sampled_from([2, 4, 5]))
def test_agrees_with_pickletools_about_every_import(tmp_path_factory, flips, cut, protocol):
    """Whatever the bytes: never an exception; and every plain import that the standard tool sees is known before anything but block is said."""
    data = bytearray(pickle.dumps(STATE, protocol=protocol))
    for place, value in flips:
        data[place % len(data)] = value
    data = bytes(data[: len(data) - cut])
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(data)
    found = read_file(path, "m.pkl")
    assert found.verdict == "allow" or found.findings
    if found.verdict != "block":
        named = {arg.replace(" ", ".") for op, arg, _ in pickletools.genops(io.BytesIO(data)) if op.name == "GLOBAL"}
        assert named <= set(found.facts["imports"]["value"]) & reader.known_imports()
