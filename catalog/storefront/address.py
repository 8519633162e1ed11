"""The state of the catalog page as its address: query, filters, order and how many rows are shown."""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.http import QueryDict

from catalog.search.facets import FACETS
from catalog.search.queries import SORTS

STEP, MOST_SHOWN = 25, 200
PATH = "/models"


@dataclass(frozen=True)
class Address:
    """What the page was asked for; unknown parameters and values that cannot be are passed over, so that old links still open."""

    q: str = ""
    filters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "relevance"
    shown: int = STEP
    cursor: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Address":
        """Read the query string."""
        filters = {key: tuple(dict.fromkeys(v for v in query.getlist(key) if v.strip())) for key in FACETS}
        shown = query.get("shown", "")
        return cls(
            q=query.get("q", "").strip(),
            filters={key: values for key, values in filters.items() if values},
            sort=query.get("sort", "") if query.get("sort") in SORTS else "relevance",
            shown=min(max(int(shown), STEP), MOST_SHOWN) if shown.isascii() and shown.isdigit() and len(shown) < 6 else STEP,
            cursor=query.get("cursor", ""),
        )

    @property
    def url(self) -> str:
        """Return the address, without what is as it is by default."""
        pairs = [("q", self.q)] if self.q else []
        pairs += [(key, value) for key, values in self.filters.items() for value in values]
        pairs += [("sort", self.sort)] if self.sort != "relevance" else []
        pairs += [("shown", str(self.shown))] if self.shown != STEP else []
        pairs += [("cursor", self.cursor)] if self.cursor else []
        return f"{PATH}?{urlencode(pairs)}" if pairs else PATH

    def first_page(self) -> "Address":
        """Return the same search from its beginning."""
        return replace(self, shown=STEP, cursor="")

    def without(self, key: str, value: str) -> "Address":
        """Return the search without one value of a filter, chosen or typed as `facet:value`."""
        kept = {k: tuple(v for v in values if k != key or v.lower() != value.lower()) for k, values in self.filters.items()}
        typed = re.compile(rf'(?<!\S){re.escape(key)}:(?:"{re.escape(value)}"|{re.escape(value)})(?!\S)', re.IGNORECASE)
        q = re.sub(r"\s+", " ", typed.sub(" ", self.q)).strip()
        return replace(self.first_page(), q=q, filters={k: values for k, values in kept.items() if values})

    def cleared(self) -> "Address":
        """Return the search without filters."""
        return replace(self.first_page(), filters={})
