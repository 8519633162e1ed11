"""Links of the card lead somewhere, and what it names inside this marketplace is there; nothing is called up."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count
from governance.validation.states import Severity, Verdict

# "+" after a bound: what was taken is not given back, so that no text takes long.
LINK = re.compile(r"!?\[[^\[\]]{0,500}+\]\(\s*+<?([^)\s>]{1,1000}+)>?(?:\s++[\"'][^)]{0,300}+)?\)|<(https?://[^>\s]{1,1000}+)>")
CODE = re.compile(r"```.*?```|`[^`\n]{1,500}`", re.DOTALL)
SCHEMES = frozenset({"http", "https", "mailto"})
ADDRESSES = ("legal.license_link", "lineage.training_summary_link")
NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
MOST = 500
FIX_ADDRESS = "Write the whole address, beginning with https://, or take the link out."
FIX_FILE = "Bring the file along in a new version, or let the link lead to where it is."
FIX_MODEL = "Correct the name (team/model), or take the link out."


class Links:
    """Judge every link and every reference of the card."""

    id = "links"
    codes = ("V47",)
    version = "1"
    stage = "Card"
    title = "Links and references lead somewhere"
    severity = Severity.LOW
    tiers = TIERS
    needs = frozenset({"hosted", "files", "card", "record"})
    explains = (
        "Looks whether links of the card are well-formed addresses, whether files it points to come with the version, and whether "
        "models of this marketplace that it names exist and may be seen by everybody. Other sites are not called up."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Name every link that leads nowhere."""
        links = list(_links(subject))[:MOST]
        found = [Found(Severity.LOW, "card", problem, where=where, fix=fix) for where, link in links for problem, fix in _problems(link, subject)]
        outside = sum(urlsplit(link).netloc not in {"", _here()} for _, link in links if _splits(link))
        evidence = {"links": len(links), "leading to other sites, not called up": outside}
        if found:
            return CheckAnswer(Verdict.WARN, f"{count(len(found), 'link')} of the card leading nowhere.", evidence, tuple(found))
        if not links:
            return CheckAnswer(Verdict.PASS, "The card has no links.", evidence)
        return CheckAnswer(Verdict.PASS, f"{count(len(links), 'link')} well-formed; what is inside this marketplace is there.", evidence)


def _links(subject: Subject) -> Iterator[tuple[str, str]]:
    texts = {"text": subject.card.text} | {key: value for key, value in subject.card.values.items() if isinstance(value, str)}
    for key, text in texts.items():
        for match in LINK.finditer(CODE.sub("", text)):
            yield key, match.group(1) or match.group(2)
    for key in ADDRESSES:
        value = subject.card.values.get(key)
        if isinstance(value, str) and "://" in value:
            yield key, value.strip()


def _splits(link: str) -> bool:
    try:
        urlsplit(link)
    except ValueError:
        return False
    return True


def _here() -> str:
    return str(urlsplit(settings.PUBLIC_URL).netloc)


def _problems(link: str, subject: Subject) -> Iterator[tuple[str, str]]:
    shown = link[:120]
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        yield f"“{shown}” is no address.", FIX_ADDRESS
        return
    if parts.scheme and parts.scheme.lower() not in SCHEMES:
        yield f"“{shown}” is no address that a browser should open.", FIX_ADDRESS
    elif parts.scheme in {"http", "https"} and (not host or ("." not in host and parts.netloc != _here())):
        yield f"“{shown}” names no site that others can reach.", FIX_ADDRESS
    elif parts.scheme in {"http", "https"} and parts.username is not None:
        yield "A link carries a user name or a password.", "Take it out, and change the password: everybody who reads the card has seen it."
    elif parts.netloc == _here() or (not parts.scheme and link.startswith("/")):
        yield from _inside(parts.path, shown, subject)
    elif not parts.scheme and not parts.netloc and parts.path:
        yield from _file(parts.path, shown, subject)


def _inside(path: str, shown: str, subject: Subject) -> Iterator[tuple[str, str]]:
    steps = unquote(path).strip("/").split("/")
    if len(steps) < 3 or steps[0] != "m":
        return
    known = {name.lower() for name in subject.record.models} | {subject.record.model.lower()}
    if f"{steps[1]}/{steps[2]}".lower() not in known:
        yield f"“{shown}” leads to no model that everybody may see.", FIX_MODEL


def _file(path: str, shown: str, subject: Subject) -> Iterator[tuple[str, str]]:
    wanted = str(PurePosixPath(unquote(path)))
    there = {file.path for file in subject.files}
    if not subject.hosted and wanted not in there and not any(name.startswith(f"{wanted.rstrip('/')}/") for name in there):
        yield f"“{shown}” is no file of this version.", FIX_FILE
