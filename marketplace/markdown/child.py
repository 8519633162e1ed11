"""The inside of rendering: Markdown to HTML to clean HTML, one text after the other, each with its own seconds."""

import html
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import FrameType
from typing import Any
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

CPU_SECONDS = 1.5
MAX_COLUMNS = 200
MAX_NESTING = 20
MAX_HTML = 2_000_000
MAX_HIGHLIGHTED = 20_000
OWN_FILES = "/files/"

# Only languages that model cards use: every further lexer is more code that strangers' text can slow down.
LANGUAGES = {
    "bash": "bash", "sh": "bash", "shell": "bash", "zsh": "bash", "console": "console", "c": "c", "cpp": "cpp", "c++": "cpp",
    "csharp": "csharp", "cs": "csharp", "css": "css", "diff": "diff", "docker": "docker", "dockerfile": "docker", "go": "go",
    "html": "html", "ini": "ini", "java": "java", "javascript": "javascript", "js": "javascript", "json": "json", "jsonl": "json",
    "julia": "julia", "kotlin": "kotlin", "makefile": "make", "php": "php", "powershell": "powershell", "protobuf": "protobuf",
    "py": "python", "python": "python", "python3": "python", "pycon": "pycon", "r": "r", "ruby": "ruby", "rust": "rust",
    "scala": "scala", "sql": "sql", "swift": "swift", "toml": "toml", "ts": "typescript", "typescript": "typescript",
    "xml": "xml", "yaml": "yaml", "yml": "yaml",
}  # fmt: skip

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead",
    "tr", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
_SPEECHLESS = {"script", "style", "iframe", "noscript", "template", "svg", "math", "object", "textarea", "select", "title", "head"}
_TOKEN_CLASSES = {name for name in STANDARD_TYPES.values() if name}
_LANGUAGE_NAME = re.compile(r"[a-z0-9+#_.-]{1,30}")

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_HEADING_TAG = re.compile(r"(</?[hH])([1-6])(?![a-zA-Z0-9-])")
_DELIMITER_ROW = re.compile(r"[ \t|:>*+-]+")
_CLEAN_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_CLEAN_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
# These close themselves or need no end, so an author who leaves the end out does not nest.
_UNCOUNTED = {"area", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p", "source", "tbody"} | {
    "td", "tfoot", "th", "thead", "tr", "track", "wbr"
}  # fmt: skip


class TooSlow(BaseException):
    """The text used up its processor time; not an Exception, so that no library swallows it."""


class Unfit(Exception):  # a property of the text, not a mistake
    """The text goes beyond what is formatted; the argument is the reason in words."""


def render_texts(texts: Sequence[str]) -> list[dict[str, str]]:
    """Render each text to `{"html": …}` or `{"reason": …}`."""
    signal.signal(signal.SIGVTALRM, _stop)
    return [_render_one(text) for text in texts]


def _render_one(text: str) -> dict[str, str]:
    try:
        with _processor_time(CPU_SECONDS):
            made = _to_html(text)
        # Outside the timer: an exception must not surface inside the cleaner. What it gets is bounded, and so is the whole child.
        return {"html": _clean(made)}
    except TooSlow:
        return {"reason": "it takes too long to format"}
    except Unfit as problem:
        return {"reason": str(problem)}
    except (MemoryError, RecursionError):
        return {"reason": "it needs too much memory to format"}
    except Exception:  # noqa: BLE001  # a bug in a parser must cost one text its formatting, never the batch
        return {"reason": "it cannot be formatted"}


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow


@contextmanager
def _processor_time(seconds: float) -> Iterator[None]:
    """Bound the processor time (not the clock, which a busy machine stretches) of what runs inside."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _to_html(text: str) -> str:
    if any(line.count("|") > MAX_COLUMNS + 1 and _DELIMITER_ROW.fullmatch(line) for line in text.splitlines()):
        raise Unfit(f"a table has more than {MAX_COLUMNS} columns")
    parser = _parser()
    env: dict[str, Any] = {}
    tokens = parser.parse(text, env)
    # The parser drops what lies deeper than its limit without a word; a text must never lose a part silently.
    if max((token.level for token in tokens), default=0) >= MAX_NESTING - 1:
        raise Unfit(f"it is nested more than {MAX_NESTING} levels deep")
    _shift_headings(tokens)
    made: str = parser.renderer.render(tokens, parser.options, env)
    if len(made) > MAX_HTML:
        raise Unfit("it grows too large when formatted")
    _refuse_deep(made)
    return made


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "linkify": True, "maxNesting": MAX_NESTING, "highlight": _highlight}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough", "linkify"])
    # Only addresses that say so: "model.py" is a file and not a site in Paraguay.
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return parser


class _Renderer(RendererHTML):
    """HTML without style attributes, which the content security policy forbids."""

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Open a header cell with `align` in place of a style."""
        return self._cell(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Open a cell with `align` in place of a style."""
        return self._cell(tokens[idx])

    @staticmethod
    def _cell(token: Token) -> str:
        _, _, align = str(token.attrs.get("style", "")).partition("text-align:")
        return f'<{token.tag} align="{align}">' if align in {"left", "right", "center"} else f"<{token.tag}>"


def _highlight(code: str, language: str, _attributes: str) -> str:
    lexer = _lexer(LANGUAGES.get(language.lower(), ""))
    if lexer is None or len(code) > MAX_HIGHLIGHTED:
        return ""
    return highlight(code, lexer, _formatter())


@lru_cache(maxsize=64)
def _lexer(name: str) -> Lexer | None:
    return get_lexer_by_name(name, stripnl=False) if name else None


@lru_cache(maxsize=1)
def _formatter() -> "HtmlFormatter[str]":
    return HtmlFormatter(nowrap=True)


def _shift_headings(tokens: Sequence[Token]) -> None:
    """Move all headings so that the highest is an h2: the page around the text has the only h1."""
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    raw = [token for token in _flat(tokens) if token.type in {"html_block", "html_inline"}]
    levels += [int(match[2]) for token in raw for match in _HEADING_TAG.finditer(token.content)]
    if not levels:
        return
    by = 2 - min(levels)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + by)}"
    for token in raw:
        token.content = _HEADING_TAG.sub(lambda match: f"{match[1]}{min(6, int(match[2]) + by)}", token.content)


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _refuse_deep(made: str) -> None:
    """Refuse deep raw HTML before the cleaner sees it: its cost grows with the square of the depth."""
    open_tags: dict[str, int] = {}
    depth = 0
    for end, found in _TAG.findall(made):
        name = found.lower()
        if name in _UNCOUNTED:
            continue
        if not end:
            open_tags[name] = open_tags.get(name, 0) + 1
            depth += 1
        elif open_tags.get(name):
            open_tags[name] -= 1
            depth -= 1
        if depth > MAX_NESTING:
            raise Unfit(f"its HTML is nested more than {MAX_NESTING} levels deep, or tags are not closed")


def _clean(made: str) -> str:
    languages = {f"language-{name}" for name in re.findall(r'class="language-([^"\s]+)', made) if _LANGUAGE_NAME.fullmatch(name)}
    cleaned = nh3.clean(
        made,
        tags=TAGS,
        clean_content_tags=_SPEECHLESS,
        attributes=_ATTRIBUTES,
        allowed_classes={"span": _TOKEN_CLASSES, "code": languages},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )
    return _CLEAN_IMAGE.sub(_own_image, cleaned)


def _own_image(match: re.Match[str]) -> str:
    """Keep a picture that we serve; of any other keep its words, so that no reader is reported to a stranger's server."""
    attributes = {name: html.unescape(value) for name, value in _CLEAN_ATTRIBUTE.findall(match[1])}
    words = html.escape(attributes.get("alt", ""))
    source = attributes.get("src", "")
    # Browsers read %2e%2e as a step up, so the check does too.
    path = unquote(source)
    if not source.startswith(OWN_FILES) or ".." in path or "\\" in path or not path.isprintable():
        return words
    title = f' title="{html.escape(attributes["title"])}"' if "title" in attributes else ""
    return f'<img src="{html.escape(source)}" alt="{words}"{title} loading="lazy">'
