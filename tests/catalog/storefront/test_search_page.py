"""The catalog page and the home page, with and without htmx."""

import re
from html import unescape

import pytest

from catalog.registry.models import RegisteredModel
from tests.factories import a_model, a_version, an_approved_version

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def rows(html):
    """The names in the list."""
    return [re.sub(r"<.*?>", "", name) for name in re.findall(r"<h2><a[^>]*>(.*?)</a></h2>", html)]


@pytest.fixture
def bea(signed_in, cast):
    """A browser in which bea is signed in."""
    client = signed_in(cast.bea)

    def get(path, **headers):
        return client.get(path, headers=headers)

    return get


@pytest.fixture
def shop(cast):
    """Thirty models of one team, one approved for sales, one hidden."""
    for number in range(30):
        a_model(cast.finance_ml, cast.paul, f"voice-{number:02}", task="text-to-speech", summary="Speaks.")
    an_approved_version(
        a_model(cast.finance_ml, cast.paul, "invoice-fields-v3", task="ocr", license="mit", summary="Reads <b>invoices</b>."), cast.paul
    )
    a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team", task="secret-task")
    return cast


def test_the_page_works_without_javascript(bea, shop):
    html = bea("/models?q=invoice&license=permissive").content.decode()
    assert rows(html) == ["invoice-fields-v3"]
    assert "<mark>invoice</mark>-fields-v3" in html
    assert "Reads &lt;b&gt;invoices" in html
    assert re.search(r'role="status" id="count">\s*1 model for “invoice”', html)
    assert '<input type="hidden" name="q" value="invoice">' in html
    assert 'name="license" value="permissive" checked' in html
    assert "Approved, needs access" in html


def test_more_rows_come_by_link_and_by_htmx_without_a_gap(bea, shop):
    html = bea("/models?sort=name").content.decode()
    assert len(rows(html)) == 25
    link = unescape(re.search(r'id="show-more" href="([^"]+)"', html)[1])
    piece = unescape(re.search(r'hx-get="([^"]+cursor[^"]+)"', html)[1])
    longer = rows(bea(link).content.decode())
    added = bea(piece, **HTMX)
    assert longer == rows(html) + rows(added.content.decode())
    assert len(longer) == 31
    assert 'hx-swap-oob="innerHTML:#more"' in added.content.decode()
    assert added.headers["HX-Replace-Url"] == "/models?sort=name&shown=31"
    assert "31 of 31 models" in added.content.decode()


def test_typing_replaces_the_address_and_choosing_adds_to_the_history(bea, shop):
    typed = bea("/models?q=invoice&sort=relevance", **HTMX, **{"HX-Trigger": "search-typing"})
    assert typed.headers["HX-Replace-Url"] == "/models?q=invoice"
    chosen = bea("/models?q=invoice&use=needs_access&sort=relevance", **HTMX, **{"HX-Trigger": "filters"})
    assert chosen.headers["HX-Push-Url"] == "/models?q=invoice&use=needs_access"
    html = chosen.content.decode()
    assert "<html" not in html
    assert all(f'hx-swap-oob="innerHTML:#{place}"' in html for place in ("facets", "chips", "count"))
    assert "HX-Request" in chosen.headers["Vary"]


def test_a_restored_page_is_whole(bea, shop):
    assert "<html" in bea("/models", **HTMX, **{"HX-History-Restore-Request": "true"}).content.decode()


def test_chips_take_back_what_was_chosen_or_typed(bea, shop):
    html = bea("/models?q=voice+task:text-to-speech&team=finance-ml").content.decode()
    links = {unescape(text): unescape(url) for url, text in re.findall(r'class="x" href="([^"]+)" aria-label="Remove filter ([^"]+)"', html)}
    assert links == {
        "Owner team: finance-ml": "/models?q=voice+task%3Atext-to-speech",
        "Task: Text to speech": "/models?q=voice&team=finance-ml",
    }
    assert 'href="/models?q=voice">Clear all' in html


def test_an_empty_list_says_what_to_drop(bea, shop):
    html = bea("/models?q=zebra&task=ocr").content.decode()
    assert "No model fits" in html
    assert re.search(r'href="/models\?task=ocr">Without the words “zebra”</a> <span[^>]*>1 model<', html)
    html = bea("/models?task=ocr&license=custom").content.decode()
    assert re.search(r'href="/models\?task=ocr">Without “License”</a> <span[^>]*>1 model<', html)


def test_an_empty_catalog_says_what_comes_here(bea, db):
    assert "There are no models yet" in bea("/models").content.decode()


def test_hidden_models_leave_no_trace(bea, shop):
    for path in ("/models", "/models?q=falcon", "/models?task=secret-task", "/models?team=secret-lab", "/"):
        assert "falcon-x" not in bea(path).content.decode()
    hidden, unknown = (bea(f"/models?team={team}").content.decode() for team in ("secret-lab", "nowhere-at"))
    assert "0 models" in hidden
    token = re.compile(r"(content|value)=\"\w{64}\"")
    assert token.sub("", hidden.replace("secret-lab", "TEAM")) == token.sub("", unknown.replace("nowhere-at", "TEAM"))


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=" + "a" * 5000, "shown=99999999", "shown=x", "sort=size", "colour=red", "task=" + "x" * 3000, "q='\"<script>", "tier=T9&use=never"],
)
def test_odd_addresses_still_show_a_page(bea, shop, query):
    answer = bea(f"/models?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode().replace("<script src", "")


def test_a_cursor_that_is_none_is_refused(bea, shop):
    assert bea("/models?cursor=nonsense").status_code == 422


@pytest.mark.parametrize("path", ["/models", "/models?q=voice", "/"])
def test_pages_stay_within_their_queries(bea, shop, path, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        bea(path)


def test_strangers_sign_in_first(client, db):
    for path in ("/models", "/"):
        assert client.get(path).headers["Location"].startswith("/login")


def test_home_shows_my_work_and_what_was_approved(signed_in, cast, shop):
    a_version(RegisteredModel.objects.get(name="voice-00"), cast.paul, "2.0.0")
    html = signed_in(cast.paul).get("/").content.decode()
    assert "voice-00 2.0.0" in html
    assert "finance-ml/invoice-fields-v3" in html
    assert "Ready to use now" in html
    html = signed_in(cast.stan).get("/").content.decode()
    assert "voice-00 2.0.0" not in html
