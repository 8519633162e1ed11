"""What the catalog page shows of a search: rows, chips, ways out of an empty list."""

import re
from dataclasses import dataclass, replace
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from catalog.registry.queries import standing_of
from catalog.registry.states import Origin
from catalog.search.facets import FACETS, spoken
from catalog.search.queries import Hit, SearchAnswer, search
from catalog.storefront.address import MOST_SHOWN, STEP, Address

# So many values of a facet are drawn; the rest is reached by typing `facet:value`, and a chosen one is always there.
MOST_OPTIONS = 40
MARK_ON, MARK_OFF = "\x02", "\x03"
_MARKUP = re.compile(r"[#*`|_<>\[\]{}~=\\]+|\(https?:[^)\s]*\)?|-{3,}")


@dataclass(frozen=True)
class Row:
    """One hit in words."""

    hit: Hit
    words: tuple[str, ...]

    def __getattr__(self, name: str) -> Any:
        return self.hit.model[name]

    @property
    def url(self) -> str:
        """Return the address of the model's page."""
        return f"/m/{self.hit.path}"

    @property
    def team(self) -> str:
        """Return the owner team."""
        return str(self.hit.model["team__name"])

    @property
    def standing(self) -> str:
        """Return the key of what the viewer may do."""
        return self.hit.standing

    @property
    def standing_text(self) -> str:
        """Return what the viewer may do, in words."""
        return standing_of(self.hit.standing).badge

    @property
    def task_text(self) -> str:
        """Return the task in words."""
        return spoken(self.hit.model["task"])

    @property
    def uses(self) -> int | str:
        """Return how often it was used; nothing for what is not here to be used."""
        return "" if self.hit.standing == "listed" else int(self.hit.model["pulls_30d"])

    @property
    def origin_text(self) -> str:
        """Return where the model comes from, when it is not from here."""
        origin = self.hit.model["origin"]
        return "" if origin == Origin.INTERNAL else str(Origin(origin).label)

    @property
    def name_html(self) -> SafeString | str:
        """Return the name with the words that were looked for marked."""
        return marked(self.hit.model["name"], self.words)

    @property
    def why_html(self) -> SafeString | str:
        """Say where the card matched when neither name nor summary did."""
        if self.hit.why != "card":
            return ""
        excerpt = tidy(self.hit.excerpt)
        return mark_safe(f"card: “… {excerpt} …”") if excerpt else "in the answers of its card"  # noqa: S308 - tidy() escapes


def marked(text: str, words: tuple[str, ...]) -> SafeString | str:
    """Mark words in a text; everything else is escaped."""
    if not words:
        return ""
    found = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    parts, last = [], 0
    for hit in found.finditer(text):
        parts += [escape(text[last : hit.start()]), f"<mark>{escape(hit[0])}</mark>"]
        last = hit.end()
    return mark_safe("".join([*parts, escape(text[last:])])) if parts else ""  # noqa: S308 - each part is escaped


def tidy(excerpt: str) -> str:
    """Return an excerpt of Markdown as one escaped line with marks."""
    line = re.sub(r"\s+", " ", _MARKUP.sub(" ", excerpt)).strip()
    return escape(line).replace(MARK_ON, "<mark>").replace(MARK_OFF, "</mark>")


@dataclass(frozen=True)
class Chip:
    """A filter that applies, and the address without it."""

    text: str
    remove_url: str


@dataclass(frozen=True)
class WayOut:
    """One thing to drop when nothing was found, with how much that would bring."""

    text: str
    url: str
    count: int


@dataclass(frozen=True)
class Page:
    """Everything the template shows."""

    address: Address
    answer: SearchAnswer
    rows: list[Row]
    chips: list[Chip]
    facets: list[dict[str, Any]]
    ways_out: list[WayOut]
    is_added: bool = False

    @property
    def shown_after(self) -> int:
        """How many rows there are once these are added; 0 when the page begins somewhere in the middle."""
        if self.address.cursor:
            return self.address.shown + len(self.rows) if self.is_added else 0
        return len(self.rows)

    @property
    def more_url(self) -> str:
        """Return the address of a page with more rows: it works without JavaScript and survives a reload."""
        if not self.answer.cursor:
            return ""
        longer = self.shown_after + STEP
        if not self.shown_after or longer > MOST_SHOWN:
            return replace(self.address, shown=STEP, cursor=self.answer.cursor).url
        return replace(self.address, shown=longer, cursor="").url

    @property
    def next_url(self) -> str:
        """Return the address of the next rows alone, which htmx adds to the list."""
        return replace(self.address, shown=self.shown_after or STEP, cursor=self.answer.cursor).url

    @property
    def here_url(self) -> str:
        """Return the address under which what is on the page now is shown again."""
        return replace(self.address, shown=min(max(self.shown_after, STEP), MOST_SHOWN), cursor="").url

    @property
    def start_url(self) -> str:
        """Return the address of the first rows."""
        return self.address.first_page().url

    @property
    def cleared_url(self) -> str:
        """Return the address without any filter, chosen or typed."""
        address = self.address.cleared()
        for key, values in self.answer.filters.items():
            for value in values:
                address = address.without(key, value)
        return address.url

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was typed or chosen."""
        return bool(self.address.q or self.chips)


def page_of(viewer: Any, address: Address, *, is_added: bool = False) -> Page:
    """Search and put into words what was found; `is_added`: the rows are added to those that are on the page."""
    filters = {key: list(values) for key, values in address.filters.items()}
    limit = STEP if address.cursor else address.shown
    answer = search(viewer, address.q, filters, sort=address.sort, cursor=address.cursor, limit=limit, counts=not is_added)
    words = (*answer.understood.words, *(word for phrase in answer.understood.phrases for word in phrase))
    rows = [Row(hit, words) for hit in answer.hits]
    out = [] if answer.total else ways_out(viewer, answer, address)
    return Page(address, answer, rows, chips_of(answer, address), drawn(answer), out, is_added)


def chips_of(answer: SearchAnswer, address: Address) -> list[Chip]:
    """Return a chip for every value that narrows the list."""
    words = {(facet.key, option.value.lower()): option.text for facet in answer.facets for option in facet.options}
    return [
        Chip(_chip_text(key, words.get((key, value), value)), address.without(key, value).url)
        for key, values in answer.filters.items()
        for value in values
    ]


def _chip_text(key: str, value: str) -> str:
    """Return the words of a chip; what a person may do speaks for itself."""
    return value if key == "use" else f"{FACETS[key].title}: {value}"


def drawn(answer: SearchAnswer) -> list[dict[str, Any]]:
    """Return the facets as they are drawn: the commonest values and every chosen one."""
    return [
        {
            "key": facet.key,
            "title": facet.title,
            "options": [option for place, option in enumerate(facet.options) if place < MOST_OPTIONS or option.checked],
            "left_out": max(0, len(facet.options) - MOST_OPTIONS),
        }
        for facet in answer.facets
        if facet.options
    ]


def ways_out(viewer: Any, answer: SearchAnswer, address: Address) -> list[WayOut]:
    """Return what could be dropped so that something is found: each filter, and the words."""
    counts = {facet.key: sum(option.count for option in facet.options) for facet in answer.facets}
    found = []
    for key in answer.filters:
        dropped = address
        for value in answer.filters[key]:
            dropped = dropped.without(key, value)
        found.append(WayOut(f"Without “{FACETS[key].title}”", dropped.url, counts.get(key, 0)))
    if answer.understood.looks_for_words and answer.filters:
        total = search(viewer, "", answer.filters, limit=1, counts=False).total
        kept = {key: tuple(values) for key, values in answer.filters.items()}
        found.append(WayOut(f"Without the words “{answer.understood.text}”", Address("", kept, address.sort).url, total))
    return sorted((way for way in found if way.count), key=lambda way: -way.count)
