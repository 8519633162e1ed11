"""What people type into the search box, understood: words, phrases, words to leave out, and `facet:value`."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

MAX_QUERY = 500
MAX_WORDS = 16
MAX_WORD = 64
# Words that every card has; they would match the whole catalog and say nothing.
EMPTY = frozenset({
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "has", "have", "how", "i",
    "in", "is", "it", "me", "model", "models", "my", "of", "on", "or", "our", "some", "that", "the", "there", "this", "to",
    "us", "use", "using", "want", "was", "we", "what", "which", "with", "you", "your",
})  # fmt: skip
_PART = re.compile(r'(?P<not>-)?(?:(?P<key>[a-z]{2,20}):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))', re.IGNORECASE)
_SIGN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_RUN = re.compile(f"{_SIGN.pattern}+|[^\\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+", re.UNICODE)
_MIXED = re.compile(r"([a-z]+)([0-9]+)\Z")


@dataclass(frozen=True)
class Understood:
    """What was made of a query: `words` are looked for, `name` is what a model may be called exactly."""

    text: str = ""
    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    without: tuple[str, ...] = ()
    filters: dict[str, list[str]] = field(default_factory=dict)

    @property
    def looks_for_words(self) -> bool:
        """Whether there is anything to match and rank by."""
        return bool(self.words or self.phrases)

    @property
    def name(self) -> str:
        """The words as they would stand in a name."""
        return self.text.lower()


def understand(query: str, facets: Collection[str]) -> Understood:
    """Read a query; whatever was typed, something sensible comes out."""
    text = clean(query)
    words: list[str] = []
    phrases: list[tuple[str, ...]] = []
    without: list[str] = []
    filters: dict[str, list[str]] = {}
    rest: list[str] = []
    for part in _PART.finditer(text):
        said = part["quoted"] if part["quoted"] is not None else part["plain"]
        key = (part["key"] or "").lower()
        if key in facets and not part["not"]:
            filters.setdefault(key, []).append(said.lower())
            continue
        found = words_of(f"{key} {said}" if key else said)
        if part["not"] and found:
            without += found
        elif part["quoted"] is not None and len(found) > 1:
            phrases.append(tuple(found))
        else:
            words += found
        if not part["not"]:
            rest.append(part[0].strip('"'))
    telling = [word for word in dict.fromkeys(words) if word not in EMPTY] or list(dict.fromkeys(words))
    return Understood(" ".join(rest), tuple(telling[:MAX_WORDS]), tuple(phrases[:4]), tuple(dict.fromkeys(without))[:MAX_WORDS], filters)


def clean(query: str) -> str:
    """Return the query as one line of at most MAX_QUERY characters that the database can hold."""
    return re.sub(r"[\s\x00-\x1f\x7f\ud800-\udfff]+", " ", query).strip()[:MAX_QUERY]


def words_of(text: str) -> list[str]:
    """Return the words in lower case, names taken apart; a run of Chinese or Japanese signs stays together."""
    return [run[:MAX_WORD].lower() for run in _RUN.findall(text)]


def tsquery(understood: Understood) -> tuple[str, str]:
    """Return two queries of PostgreSQL joined by or: for words as written (names), and for words by their stem."""
    exact = [_as_written(word) for word in understood.words] + [_phrase(phrase) for phrase in understood.phrases]
    stems = [_stem(word) for word in understood.words] + [_phrase(phrase) for phrase in understood.phrases]
    return " | ".join(exact), " | ".join(stems)


def tsquery_without(understood: Understood) -> str:
    """Return the query of what must not be there."""
    return " | ".join(_stem(word) for word in understood.without)


def _as_written(word: str) -> str:
    """Match a word of the name, or its beginning; `resnet50` also as `resnet 50`."""
    if _SIGN.match(word):
        return _phrase(tuple(word))
    alternatives = [f"'{word}':*A" if len(word) > 2 and not word.isdigit() else f"'{word}':A"]
    if mixed := _MIXED.match(word):
        alternatives.append(f"('{mixed[1]}':A <-> '{mixed[2]}':A)")
    return f"({' | '.join(alternatives)})" if len(alternatives) > 1 else alternatives[0]


def _stem(word: str) -> str:
    """Match a word anywhere, in any form."""
    return _phrase(tuple(word)) if _SIGN.match(word) else f"'{word}'"


def _phrase(words: tuple[str, ...]) -> str:
    """Match words one after the other."""
    signs = [sign for word in words for sign in (word if _SIGN.match(word) else [word])]
    joined = " <-> ".join(f"'{sign}'" for sign in signs)
    return f"({joined})"
