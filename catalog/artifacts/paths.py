"""Names of files: what is a safe, portable, unambiguous path, and which two names clash."""

import unicodedata
from collections.abc import Iterable

LENGTH_LIMIT = 512
SEGMENT_LIMIT = 255
RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³"}
# Characters that change the direction or the look of a name without being seen.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


def check_path(name: str) -> str:
    """Return the path unchanged, or raise ValueError with a sentence that names the problem."""
    _check_characters(name)
    if "\\" in name:
        raise ValueError("The file name contains a backslash; separate folders with “/”.")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":" and name[0].isalpha()):
        raise ValueError("The file name is an absolute path; start with the first folder or the file itself.")
    if not unicodedata.is_normalized("NFC", name):
        raise ValueError("The file name is not in Unicode normal form NFC; rename the file, or normalize the name before sending.")
    for segment in name.split("/"):
        _check_segment(segment)
    return name


def _check_characters(name: str) -> None:
    if not name:
        raise ValueError("The file name is empty.")
    if len(name) > LENGTH_LIMIT:
        raise ValueError(f"The file name has {len(name):,} characters; at most {LENGTH_LIMIT} are allowed.")
    if "\0" in name:
        raise ValueError("The file name contains a NUL character.")
    for position, char in enumerate(name):
        if char != " " and unicodedata.category(char) in HIDDEN:
            raise ValueError(f"The file name contains an invisible or control character (U+{ord(char):04X}) at position {position + 1}.")


def _check_segment(segment: str) -> None:
    if not segment:
        raise ValueError("The file name has an empty part (two slashes in a row, or one at the end).")
    if segment in {".", ".."}:
        raise ValueError(f"The file name contains “{segment}”, which points to another folder.")
    if segment != segment.strip():
        raise ValueError(f"The part “{segment}” starts or ends with a space.")
    if segment.endswith("."):
        raise ValueError(f"The part “{segment}” ends with a dot, which some systems drop.")
    if len(segment.encode()) > SEGMENT_LIMIT:
        raise ValueError(f"One part of the file name is {len(segment.encode()):,} bytes long; at most {SEGMENT_LIMIT} are allowed.")
    stem = segment.split(".", 1)[0].strip().casefold()
    if stem in RESERVED:
        raise ValueError(f"“{segment}” is a reserved name on some systems; choose another.")
    if any(char in '<>:"|?*' for char in segment):
        raise ValueError(f'The part “{segment}” contains one of < > : " | ? *, which some systems refuse.')


def case_clash(path: str, existing: Iterable[str]) -> str | None:
    """Return the existing path that some systems cannot tell from this one, as a file or as a folder in the way."""
    wanted = _folded(path)
    for other in existing:
        if other == path:
            continue
        folded = _folded(other)
        if folded == wanted or folded.startswith(wanted + "/") or wanted.startswith(folded + "/") or _folder_differs(path, other):
            return other
    return None


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", path).casefold())


def _folder_differs(path: str, other: str) -> bool:
    """Tell whether the two paths share a folder that is spelled in two ways."""
    for mine, theirs in zip(path.split("/")[:-1], other.split("/")[:-1], strict=False):
        if mine != theirs:
            return _folded(mine) == _folded(theirs)
    return False
