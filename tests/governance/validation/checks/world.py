"""Subjects made of real files: read by the real readers and looked at by the real look, both in the sandbox."""

import hashlib

from catalog.artifacts import sandbox
from catalog.artifacts.manifest import manifest_digest
from catalog.cards.schema import schema_for
from governance.validation.checks.base import Record, Subject, SubjectCard, SubjectFile
from governance.validation.looking import Item, look
from governance.validation.subject import text_of
from tests.governance.validation.build import whole_card

COMMIT = "0e9e39f249a16976918f6564b8830bc894c89659"


def subject(tmp_path, files=None, *, tier="T3", card=None, text="# A card", hosted=False, sources=None, **record) -> Subject:
    """A version with these files (path -> bytes) and a whole card with these values changed; `record` is what the catalog knows."""
    made = []
    for number, (path, content) in enumerate((files or {}).items()):
        place = tmp_path / f"file{number}"
        place.write_bytes(content)
        made.append(SubjectFile(path, len(content), hashlib.sha256(content).hexdigest(), place))
    values = whole_card(tier) | {"technical.parameter_count": None, "technical.precision": None} | (card or {})
    looks, texts = look([Item(file.local, file.path, file.sha256) for file in made], text_of(values, text))
    return Subject(
        version="finance-ml/m@1", hosted=hosted, tier=tier,
        manifest_digest=manifest_digest({"path": file.path, "size": file.size, "sha256": file.sha256} for file in made),
        files=tuple(made),
        readings=sandbox.inspect_many([sandbox.File(file.local, file.path, file.sha256) for file in made]) if made else {},
        card=SubjectCard(1, values, sources or dict.fromkeys(values, "human"), schema_for(tier, hosted=hosted), text),
        waivers={"pickle": None}, beat=lambda: None, looks=looks, texts=texts,
        record=Record(**({"model": "finance-ml/invoice-fields", "name": "invoice-fields"} | record)),
    )  # fmt: skip
