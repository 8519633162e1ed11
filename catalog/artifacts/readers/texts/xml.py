"""XML in a strict form: no document type, no entities, no instructions to programs, no inclusion of other files."""

from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from catalog.artifacts.readers.texts import plain
from catalog.artifacts.readers.types import Broken, Reading, TooMuch, Unsafe, fact, shorten
from catalog.artifacts.readers.window import Window

DEPTH_LIMIT = 200
ELEMENT_LIMIT = 2_000_000
ACTIVE = frozenset({"script", "include", "import", "stylesheet", "object", "embed", "iframe", "extension"})
FOREIGN = ("http://www.w3.org/2001/xinclude", "http://www.w3.org/1999/xsl/transform", "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml")
FIX = "Write plain XML: no DOCTYPE, no entities, no processing instructions, no scripts."


class _Walk:
    def __init__(self, name: str) -> None:
        self.name, self.depth, self.elements, self.root = name, 0, 0, ""
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.doctype
        self.parser.ProcessingInstructionHandler = self.instruction
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.XmlDeclHandler = self.declaration

    @property
    def where(self) -> str:
        return f"line {self.parser.CurrentLineNumber}"

    def doctype(self, *_details: Any) -> None:
        raise Unsafe(f"{self.name} has a DOCTYPE or an entity, which can read other files.", where=self.where, fix=FIX, check="files.xml")

    def instruction(self, target: str, _data: str) -> None:
        raise Unsafe(f"{self.name} has an instruction for programs (“{shorten(target, 60)}”).", where=self.where, fix=FIX, check="files.xml")

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in {"utf-8", "us-ascii", "ascii"}:
            raise Broken(f"{self.name} says it is written in {shorten(encoding, 30)}; write UTF-8.", where=self.where, fix=FIX)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        self.root = self.root or tag
        if self.depth > DEPTH_LIMIT or self.elements > ELEMENT_LIMIT:
            raise TooMuch(f"{self.name} is nested too deeply or too long.", where=self.where)
        active = tag.rpartition(":")[2].lower() in ACTIVE - ({"extension"} if self.root == "PMML" else set())
        foreign = any(value.lower().startswith(FOREIGN) for key, value in attributes.items() if key.startswith("xmlns"))
        if active or foreign or any(key.lower().startswith("on") and "(" in value for key, value in attributes.items()):
            raise Unsafe(f"{self.name} holds “{shorten(tag, 60)}”, which runs or includes something.", where=self.where, fix=FIX, check="files.xml")

    def end(self, _tag: str) -> None:
        self.depth -= 1


def read(window: Window, name: str) -> Reading:
    """Judge an XML file."""
    content = plain.text(window)
    walk = _Walk(name)
    try:
        walk.parser.Parse(content, True)  # noqa: FBT003 - the parser's own way to say "this is all"
    except expat.ExpatError as error:
        raise Broken(f"This is not XML: {expat.ErrorString(error.code)}.", where=f"line {error.lineno}", fix=FIX) from error
    facts = {"library": fact("pmml", "root element")} if walk.root == "PMML" else {}
    return Reading("xml", "allow", [], facts)
