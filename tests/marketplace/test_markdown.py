"""Text from strangers becomes harmless HTML in bounded time, or is shown as it was written."""

import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from marketplace import markdown
from marketplace.bounded import Crashed
from marketplace.markdown import child, render, render_many

XSS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src='/files/x' onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object>",
    "<embed src='javascript:alert(1)'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='  java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![x](javascript:alert(1))",
    '![x"onerror="alert(1)](x)',
    '![" onerror="alert(1)](/files/a.png)',
    '![<script>alert(1)</script>](https://evil.example/a.png)',
    '[x](https://a.example "onmouseover=alert(1)")',
    "<javascript:alert(1)>",
    "<https://a.example/\"onclick=alert(1)>",
    "<style>*{background:url('javascript:alert(1)')}</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<div onclick=alert(1)>x</div>",
    "<details open ontoggle=alert(1)>x</details>",
    "<form action='javascript:alert(1)'><input type=submit></form>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<base href='javascript:alert(1)//'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href='javascript:alert(1)'>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<xmp><img alt='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<!--><img src=x onerror=alert(1)>-->",
    "```\"><script>alert(1)</script>\nx\n```",
    "```py onclick=alert(1) class=x\n</code></pre><script>alert(1)</script>\n```",
    "<code class='language-x\" onclick=alert(1)'>x</code>",
    "|a|\n|:-:|\n|<img src=x onerror=alert(1)>|",
    "<img alt='<img src=x onerror=alert(1)>' src=x>",
    "<img alt='&lt;script&gt;alert(1)&lt;/script&gt;' src='//evil.example/x'>",
    "<a id=location name=cookie href=/x hx-get=/x data-hx-on:click=alert(1) @click=alert(1)>x</a>",
]  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "code": {"class"},
    "span": {"class"},
}


class Inspector(HTMLParser):
    """Collects whatever a browser could act on and the rules do not allow."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.offences, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in child.TAGS:
            self.offences.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.offences.append((tag, name))
            if name == "href" and ":" in value.split("/")[0] and value.split(":")[0].lower() not in {"http", "https", "mailto"}:
                self.offences.append(value)
            if name == "src" and not value.startswith("/files/"):
                self.offences.append(value)
            if name == "class" and not all(c.startswith("language-") or c in child._TOKEN_CLASSES for c in value.split()):
                self.offences.append(value)

    def handle_comment(self, data):
        self.offences.append(data)


def inspect(html):
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector


def test_there_are_at_least_forty_payloads():
    assert len(set(XSS)) >= 40


def test_no_payload_survives():
    for payload, rendered in zip(XSS, render_many(XSS), strict=True):
        found = inspect(rendered.html)
        assert not found.offences, (payload, rendered.html)
        assert "<script" not in rendered.html.lower(), payload


def test_no_payload_survives_inside_other_text():
    wrapped = [shape.format(p) for p in XSS for shape in ("> {}", "- {}", "| a |\n|---|\n| {} |", "*{}*", "[{}](https://a.example)", "# {}")]
    for payload, rendered in zip(wrapped, render_many(wrapped), strict=True):
        assert not inspect(rendered.html).offences, (payload, rendered.html)


def test_the_inspector_itself_sees_offences():
    assert inspect("<script>1</script>").offences
    assert inspect("<a href='javascript:x'>").offences
    assert inspect("<img src='https://evil.example/x'>").offences
    assert inspect("<p onclick=x>").offences


def test_ordinary_text_is_formatted():
    text = "# Title\n\nSome *text* with `code`, ~~old~~ and https://a.example/x.\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n1. one\n2. two\n"
    html = render(text).html
    assert "<h2>Title</h2>" in html
    assert "<em>text</em>" in html
    assert '<a href="https://a.example/x" rel="noopener noreferrer nofollow ugc">' in html
    assert '<td align="right">2</td>' in html
    assert "style" not in html


def test_a_file_name_is_not_a_link():
    assert "<a" not in render("see model.py and README.md and 10.0.0.1").html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\n\n## b\n\n###### c", ["h2", "h3", "h6"]),
        ("## a\n\n### b", ["h2", "h3"]),
        ("### a\n\n#### b", ["h2", "h3"]),
        ("<h1>a</h1>\n\n## b", ["h2", "h3"]),
        ("text <H1 align=center>a</H1>", ["h2"]),
        ("a\n=\n\nb\n-", ["h2", "h3"]),
    ],
)
def test_a_page_keeps_one_first_heading(text, expected):
    assert [tag for tag in inspect(render(text).html).tags if tag.startswith("h")] == expected


def test_code_is_highlighted_with_classes_only():
    html = render("```python\nimport os\n```\n\n```nothing-known\n<b>\n```").html
    assert '<code class="language-python"><span class="kn">import</span>' in html
    assert '<code class="language-nothing-known">&lt;b&gt;' in html
    assert "style=" not in html


@pytest.mark.parametrize(
    "source",
    [
        "https://evil.example/a.png",
        "//evil.example/a.png",
        "a.png",
        "/m/x/delete",
        "/files/../m/x",
        "data:image/png;base64,AAAA",
        "/files/%2e%2e\\x",
    ],
)
def test_a_strangers_picture_becomes_its_words(source):
    rendered = render(f"![a < b]({source}) <img src='{source}' alt='c'>")
    assert "<img" not in rendered.html
    assert "a &lt; b" in rendered.html


def test_our_own_picture_stays():
    assert '<img src="/files/abc/plot.png" alt="Loss" loading="lazy">' in render("![Loss](/files/abc/plot.png)").html
    assert '<img src="/files/abc/plot.png" alt="" loading="lazy">' in render('<img src="/files/abc/plot.png" width=9>').html


PATHOLOGICAL = {
    "images in one line": "![" * 150_000,
    "images in short lines": ("![" * 9_000 + "\n") * 14,
    "brackets": "[" * 50_000,
    "brackets in lines": "[\n" * 100_000,
    "images in lines": "![\n" * 66_000,
    "wide table": "|a" * 100_000 + "|\n" + "|-" * 100_000 + "|\n",
    "many columns": "|a" * 300 + "|\n" + "|-" * 300 + "|\n" + "|b\n" * 1000,
    "short rows": "|a" * 200 + "|\n" + "|-" * 200 + "|\n" + "|\n" * 60_000,
    "details": "<details>" * 30_000,
    "details in lines": "<details>\n" * 24_000,
    "mismatched ends": "<div></i>\n" * 20_000,
    "formatting elements": "<b><p>\n" * 20_000,
    "attributes": "<a " + "\n".join(f"x{n}" for n in range(36_000)) + ">",
    "quotes": ">" * 10_000,
    "lists": "".join(f"{'  ' * n}- a\n" for n in range(400)),
    "emphasis": "*a_ " * 50_000,
    "emphasis in lines": "*a **a \n" * 30_000,
    "backticks": "".join("`" * n + " " for n in range(190)) * 10,
    "references": f"[a]: https://a.example/{'x' * 19_000}\n\n" + "[a]\n" * 50_000,
    "entities": "&" * 19_000 + "\n",
    "autolinks": "<https://a.example/\n" * 13_000,
    "links": "https://a.example/(" * 1000,
    "underscores in code": "```python\n" + "'" * 19_000 + "\n```",
    "many code blocks": "```python\nx = 1\n```\n" * 12_000,
}


@pytest.mark.full
@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_text_is_bounded(name):
    text = PATHOLOGICAL[name]
    began = time.monotonic()
    rendered = render(text)
    assert time.monotonic() - began < 5  # two for the child, the rest for a busy machine
    assert not inspect(rendered.html).offences
    assert len(rendered.html) < 8_000_000
    if rendered.plain:
        assert rendered.html.startswith("<pre>")
        assert rendered.note.startswith("Shown as plain text because ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("![" * 150_000, "300 KB|292 KB"),
        ("x" * 20_001, "20,001 characters"),
        (PATHOLOGICAL["many columns"], "more than 200 columns"),
        (PATHOLOGICAL["lists"], "nested more than 20"),
        (PATHOLOGICAL["details in lines"], "nested more than 20"),
        (PATHOLOGICAL["brackets in lines"], "takes too long"),
    ],
)
def test_the_note_says_why_the_text_is_plain(text, why):
    rendered = render(text)
    assert rendered.plain
    assert any(part in rendered.note for part in why.split("|")), rendered.note


def test_too_much_text_is_cut_and_said():
    rendered = render("<b>" * 200_000)
    assert "Only the first 256 KB are shown." in rendered.note
    assert "<b>" not in rendered.html


def test_what_a_database_cannot_hold_is_replaced():
    for text in ("a\x00b", "a\ud800b", "a\x00b" + "x" * 300_000):
        html = render(text).html
        html.encode()
        assert "\x00" not in html


def test_one_bad_text_does_not_touch_its_neighbors():
    texts = ["# one", PATHOLOGICAL["brackets in lines"], "", "# two"]
    first, bad, empty, last = render_many(texts)
    assert (first.html, last.html) == ("<h2>one</h2>\n", "<h2>two</h2>\n")
    assert bad.plain
    assert empty.html == ""


def test_a_child_that_dies_costs_only_the_text_that_killed_it(monkeypatch):
    real = markdown.call

    def fragile(function, payload, **more):
        if "deadly" in payload:
            raise Crashed("gone", exit_code=-11, stderr="")
        return real(function, payload, **more)

    monkeypatch.setattr(markdown, "call", fragile)
    rendered = render_many(["a", "b", "deadly", "c"])
    assert [r.plain for r in rendered] == [False, False, True, False]
    assert "cannot be formatted safely" in rendered[2].note


@pytest.mark.parametrize("answer", [None, [], [1], [{"html": 3}], [{}], {"html": "x"}])
def test_an_answer_in_another_shape_is_not_believed(monkeypatch, answer):
    monkeypatch.setattr(markdown, "call", lambda *_, **__: answer)
    assert render("a").plain


def test_no_text_needs_no_child(monkeypatch):
    monkeypatch.setattr(markdown, "call", None)
    assert render_many([]) == []


def test_real_cards_are_formatted():
    catalog = Path(__file__).parents[3] / "shared/data/catalog/models.jsonl"
    if not catalog.exists():
        pytest.skip("the shared catalog is not here")
    import json

    with catalog.open() as lines:
        texts = [json.loads(line).get("description_md") or "" for _, line in zip(range(300), lines, strict=False)]
    rendered = render_many(texts)
    assert sum(r.plain for r in rendered) <= 3
    assert not [o for r in rendered for o in inspect(r.html).offences]
