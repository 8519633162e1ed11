"""The software that a model asks for: its list as a bill of materials, and what is known against it."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component
from cyclonedx.output.json import JsonV1Dot6
from django.conf import settings
from django.utils import timezone
from packageurl import PackageURL

from governance.validation.advisories import Advisory, CopyBroken, Database, database, known_for
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, listed, no_files, not_applicable, unseen, worst_of
from governance.validation.inside.requirements import is_one
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict

FIX_COPY = "Nothing you can mend: ask whoever runs this marketplace to renew the copy of the OSV database (OSV_FOLDER)."
FIX_PIN = "Name one version (==): only then can be said what is known against it, and only then does it stay the same tomorrow."
FIX_LINE = "Name packages and versions only, one a line."
GRAVITY = {"CRITICAL": Severity.CRITICAL, "HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM, "LOW": Severity.LOW}

Row = Mapping[str, str]
Told = tuple[Verdict, Found]


class Software:
    """List required software, and compare pinned versions with known vulnerabilities."""

    id = "software"
    codes = ("V50",)
    stage = "Security"
    title = "Required software is known and safe"
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "looks", "tier", "manifest_digest", "day"})
    explains = (
        "Reads requirements and the environments of conda and MLflow among the files, lists the software in the form of CycloneDX, and "
        "compares pinned versions with a local copy of the OSV database. Grave vulnerabilities fail in tiers T1 and T2; packages made to do "
        "harm quarantine."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the rules."""
        return version_with(1, "advisories")

    def engine(self) -> str:
        """Return of which day the copy of the database is: a newer one is another rule."""
        try:
            return f"OSV {database(settings.OSV_FOLDER).newest:%Y-%m-%d}" if settings.OSV_FOLDER else "no copy of OSV"
        except CopyBroken:
            return "unreadable copy of OSV"

    def run(self, subject: Subject) -> CheckAnswer:
        """Name everything that is known against the software."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        paths = [file.path for file in subject.files if is_one(file.path)]
        if not paths:
            return CheckAnswer(Verdict.NA, "The files name no software that the model needs: there are no requirements among them.")
        if (answer := unseen(subject, paths)) is not None:
            return answer
        bounds = rules("advisories").data
        rows = [(path, row) for path in paths for row in subject.looks[path].about.get("requires", ())][: bounds["most_components"]]
        evidence: dict[str, object] = {"sbom": bill([row for _, row in rows], subject.manifest_digest)}
        told = _unread(subject, paths)
        if not settings.OSV_FOLDER:
            said = (
                f"{count(len(rows), 'package')} listed; nothing is known against any of them, because OSV_FOLDER names no copy of the OSV database."
            )
            return _with(told, CheckAnswer(Verdict.NA, said, evidence))
        try:
            data = database(settings.OSV_FOLDER)
        except CopyBroken as broken:
            return CheckAnswer(Verdict.ERROR, str(broken), evidence, (Found(Severity.HIGH, "other", str(broken), fix=FIX_COPY),))
        evidence["osv"] = f"{data.newest:%Y-%m-%d}"
        told += [*_age(data, bounds), *(item for path, row in rows for item in _judge(path, row, data, subject, bounds))]
        said = f"{count(len(rows), 'package')} listed; nothing is known against them on {data.newest:%Y-%m-%d}."
        return _with(told, CheckAnswer(Verdict.PASS, said, evidence))


def _with(told: Sequence[Told], otherwise: CheckAnswer) -> CheckAnswer:
    """Answer with the gravest of what was found, or with this when nothing was."""
    if not told:
        return otherwise
    verdict = worst_of(said for said, _ in told)
    first = next(found for said, found in told if said == verdict)
    return CheckAnswer(verdict, first.message, otherwise.evidence, tuple(found for _, found in told), any(found.kind == "code" for _, found in told))


def _unread(subject: Subject, paths: Sequence[str]) -> list[Told]:
    told: list[Told] = []
    for path in paths:
        about = subject.looks[path].about
        if "broken" in about:
            told.append((Verdict.FAIL, Found(Severity.HIGH, "structure", f"{path} cannot be read ({about['broken']}).", path, fix=FIX_LINE)))
        elif about.get("unread"):
            message = f"{path} has {count(len(about['unread']), 'line')} with no plain requirement, about which nothing can be said."
            told.append((Verdict.WARN, Found(Severity.MEDIUM, "other", message, path, listed(about["unread"], 2)[:190], FIX_LINE)))
    return told


def _age(data: Database, bounds: Mapping[str, Any]) -> list[Told]:
    age = timezone.now() - data.newest
    if age <= timedelta(days=bounds["too_old_days"]):
        return []
    message = f"The copy of the OSV database is {age.days} days old, so newer vulnerabilities are not known."
    return [(Verdict.WARN, Found(Severity.MEDIUM, "other", message, fix=FIX_COPY))]


def _judge(path: str, row: Row, data: Database, subject: Subject, bounds: Mapping[str, Any]) -> list[Told]:
    known = known_for(data, row["name"])
    if not row["version"]:
        malware = [item for item in known if item.is_malware]
        told = [_against(path, row, item, subject, bounds) for item in malware]
        if not malware and known:
            message = f"{row['name']} is not pinned to a version; against some versions {count(len(known), 'advisory').replace('ys', 'ies')} known."
            told.append((Verdict.WARN, Found(Severity.LOW, "other", message, path, row["wanted"], FIX_PIN)))
        return told
    return [_against(path, row, item, subject, bounds) for item in known if item.covers(row["version"])]


def _against(path: str, row: Row, item: Advisory, subject: Subject, bounds: Mapping[str, Any]) -> Told:
    name = f"{row['name']} {row['version']}".strip()
    ids = listed([item.id, *item.aliases], 2)
    if item.is_malware:
        message = f"{name} was made to do harm ({ids})."
        return Verdict.FAIL, Found(Severity.CRITICAL, "code", message, path, row["name"], "Take it out; whoever installed it should tell security.")
    severity = GRAVITY.get(item.severity, Severity.HIGH)
    message = f"{name} has a known vulnerability, {ids}: {item.summary.splitlines()[0] if item.summary else 'no summary'}"
    fix = (
        f"Ask for version {item.fixed} or newer."
        if item.fixed
        else "No version without it is known; use another package, or explain why it does no harm."
    )
    fails = subject.is_strict and item.severity in bounds["fails_in_strict"]
    return Verdict.FAIL if fails else Verdict.WARN, Found(severity, "other", message[:590], path, row["name"], fix)


def bill(rows: Sequence[Row], digest: str) -> dict[str, Any]:
    """Return a CycloneDX bill of materials, the same for the same files."""
    kinds = {(row["name"], row["version"], row["kind"]): row for row in rows}
    components = [
        Component(name=name, version=version or None, bom_ref=f"{kind}:{name}@{version}", purl=PackageURL(kind, name=name, version=version or None))
        for name, version, kind in sorted(kinds)
    ]
    made = Bom(components=components, serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"sha256:{digest}"))
    value: dict[str, Any] = json.loads(JsonV1Dot6(made).output_as_string())
    value.get("metadata", {}).pop("timestamp", None)
    return value
