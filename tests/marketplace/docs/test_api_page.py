"""The page about the interface for programs."""

import gzip
import re

import pytest
from django.conf import settings

from marketplace.api.reference import reference

pytestmark = pytest.mark.django_db


@pytest.fixture
def html(client):
    return client.get("/docs/api").text


def test_every_operation_has_an_anchor_its_method_path_and_scope(html):
    for group in reference().groups:
        assert f'<h2 id="{group.name}">' in html
        for operation in group.operations:
            told = html.split(f'<h3 id="{operation.name}">')[1].split("</article>")[0]
            assert f">{operation.method}</span>" in told
            assert f"<code>{operation.path}</code>" in told
            assert not operation.scope or f"<code>{operation.scope}</code>" in told


def test_an_operation_tells_what_it_takes_and_what_it_answers(html):
    told = html.split('<h3 id="post_tokens">')[1].split("</article>")[0]
    assert re.search(r"<code>name</code> <span class=\"duty now\">required</span></dt><dd>text, at most 80 characters", told)
    assert re.search(r"Answer 201, \d+ fields", told)
    assert "Example: <code>mkt_…</code>" in told


def test_problems_lead_to_their_explanation(html, client):
    explained = set(re.findall(r'<tr id="([a-z-]+)"', client.get("/docs/errors").text))
    linked = set(re.findall(r'href="/docs/errors#([a-z-]+)"', html))
    assert {"not-found", "not-allowed", "conflict", "invalid", "method-not-allowed", "parse-error", "precondition-required"} <= linked <= explained


def test_the_quickstart_is_written_for_my_team(cast, signed_in, html):
    assert "api/v1/models?team=your-team" in html
    mine = signed_in(cast.nina).get("/docs/api").text
    assert "api/v1/models?team=finance-ml" in mine
    assert "MODEL=finance-ml/name-from-the-list" in mine
    assert "mkt_" not in mine.split('id="quickstart"')[1].split('id="conventions"')[0]


def test_the_page_is_small_and_leads_to_the_document(html):
    assert len(gzip.compress(html.encode())) <= 60_000
    assert 'href="/api/v1/schema"' in html


def test_each_anchor_stands_once_and_each_link_to_one_arrives(html):
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_nothing_on_it_is_of_others_or_inline(html, client):
    assert not re.search(r"swagger|<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
    assert "unsafe" not in client.get("/docs/api").headers["Content-Security-Policy"]
    assert "drf_spectacular_sidecar" not in settings.INSTALLED_APPS
