"""Archives: what may lie in them, and every way to make two programs see two different things."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import payloads

README = b"# Model\n\nText.\n"


def zipped(members, method=zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(members, form=tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for item in members:
            info, data = item if isinstance(item[0], tarfile.TarInfo) else (tarfile.TarInfo(item[0]), item[1])
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def make(out):
    files = [("README.md", README), ("sub/config.json", b'{"a": 1}'), ("sub/notes.txt", b"hello\n")]
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        out.good(f"zip-{name}", "files.zip", zipped(files, method))
    for name, form in (("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("ustar", tarfile.USTAR_FORMAT)):
        out.good(f"tar-{name}", "files.tar", tarred(files, form))
        out.good(f"tar-{name}-long", "files.tar", tarred([*files, ("d/" * (20 if name == "ustar" else 60) + "x.txt", b"hello\n")], form))
        out.good(f"tar-{name}-gz", "files.tar.gz", gzip.compress(tarred(files, form)))
    out.good("tar-folder", "files.tar", tarred([special("sub", tarfile.DIRTYPE), ("sub/x.txt", b"hello\n")]))
    out.good("tar-tgz", "files.tgz", gzip.compress(tarred(files)))
    for ending, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        out.good(f"packed-{ending}", f"README.md.{ending}", pack(README))
    out.good("zip-in-zip", "files.zip", zipped([("inner.zip", zipped(files))]))
    hostile(out)


def hostile(out):
    evil = payloads.calling("os.system")
    fine = [("README.md", README)]
    for name, members in {
        "slip": [("../x.txt", b"x")], "absolute": [("/etc/x.txt", b"x")], "backslash": [("..\\x.txt", b"x")], "pickle": [("m.pkl", evil)],
        "hidden-pickle": [("notes.txt", payloads.FORMS["global"])], "python": [("a/b.py", b"import os\n")], "twice": [("a.txt", b"x"), ("A.TXT", b"y")],
        "parent-file": [("a.txt", b"x"), ("a.txt/b.txt", b"y")], "native": [("x.so", b"\x7fELF")], "reserved": [("con.txt", b"x")], "control": [("a\x01.txt", b"x")],
        "deep": [("a.zip", zipped([("b.zip", zipped([("c.txt", b"x")]))]))], "7z": [("a.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 30)], "drive": [("C:x.txt", b"x")],
    }.items():  # fmt: skip
        with out.trying(f"zip {name}"):
            out.bad(f"zip-{name}", "files.zip", zipped(fine + members))
            if name != "backslash":
                out.bad(f"tar-{name}", "files.tar", tarred(fine + members))
    out.bad("zip-many", "files.zip", zipped([(f"{number}.txt", b"x") for number in range(5001)]))
    for name, entry in {
        "symlink": special("link", tarfile.SYMTYPE, "/etc/passwd"), "hardlink": special("link", tarfile.LNKTYPE, "README.md"),
        "character": special("dev", tarfile.CHRTYPE), "block": special("dev", tarfile.BLKTYPE), "fifo": special("pipe", tarfile.FIFOTYPE),
    }.items():  # fmt: skip
        out.bad(f"tar-{name}", "files.tar", tarred([*fine, entry]))
    info = tarfile.TarInfo("run.txt")
    info.mode = 0o4755
    out.bad("tar-setuid", "files.tar", tarred([(info, b"hello\n")]))
    renamed = tarfile.TarInfo("ok.txt")
    renamed.pax_headers = {"path": "../../evil.txt"}
    out.bad("tar-pax-path", "files.tar", tarred([(renamed, b"hello\n")]))
    out.bad("tar-tail", "files.tar", tarred(fine) + evil.ljust(512, b"\0"))
    good = zipped(fine)
    out.bad("zip-prefix", "files.zip", b"#!/bin/sh\n" + good)
    out.bad("zip-suffix", "files.zip", good + evil)
    out.bad("zip-comment", "files.zip", good[:-2] + b"\x04\x00evil")
    out.bad("zip-encrypted", "files.zip", good[:6] + b"\x01" + good[7:])
    out.bad("zip-second-name", "files.zip", good.replace(b"README.md", b"README.py", 1))
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    out.bad("zip-symlink", "files.zip", zipped([(link, b"/etc/passwd")]))
    unicode_name = zipfile.ZipInfo("a.txt")
    unicode_name.extra = b"up" + (5 + 8).to_bytes(2, "little") + b"\x01\0\0\0\0evil.pkl"
    out.bad("zip-unicode-name", "files.zip", zipped([(unicode_name, b"hello\n")]))
    for name, magic in {"7z": b"7z\xbc\xaf\x27\x1c", "rar": b"Rar!\x1a\x07\x00", "zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18"}.items():
        out.bad(f"archive-{name}", f"files.{name}", magic + b"\0" * 60)
        out.bad(f"archive-{name}-as-bin", "weights.bin", magic + b"\0" * 60)
    out.bad("gz-two-members", "notes.txt.gz", gzip.compress(b"hello\n") + gzip.compress(evil))
    out.bad("gz-in-gz", "notes.txt.gz.gz", gzip.compress(gzip.compress(evil)))
