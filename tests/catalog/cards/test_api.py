"""Cards over REST: entity tags, bad input, README in and out."""

import json

import pytest

from catalog.cards.actions import save_card
from catalog.cards.queries import current_card
from tests import factories as make


@pytest.fixture
def model(cast):
    return make.a_model(cast.finance_ml, cast.nina, "ledger")


@pytest.fixture
def call(client, cast, token_of):
    """Call the card of the model: `call("patch", {...}, tag='"0"', who=cast.bea)`."""

    def send(method, body=None, *, tag="", who=None, path="", kind="application/json", **more):
        headers = token_of(who or cast.nina) | ({"If-Match": tag} if tag else {})
        if method in {"get", "head"}:
            return getattr(client, method)(f"/api/v1/models/finance-ml/ledger/card{path}", headers=headers, **more)
        data = json.dumps(body) if kind == "application/json" and not isinstance(body, str | bytes) else body
        return getattr(client, method)(f"/api/v1/models/finance-ml/ledger/card{path}", data=data, content_type=kind, headers=headers)

    return send


@pytest.mark.django_db
class TestReadingAndSaving:
    def test_a_model_without_a_card_says_what_is_missing_and_why(self, call, model):
        answer = call("get", path="?tier=T2&moment=approval")
        body = answer.json()
        assert (answer.status_code, answer["ETag"], body["revision"]) == (200, '"0"', 0)
        missing = body["completeness"]["missing"]
        assert body["completeness"]["required"] - body["completeness"]["done"] == len(missing) > 20
        assert missing["risk.limitations"] == "Every model has some; readers trust those who say so."
        assert all(missing.values())

    def test_a_patch_changes_its_fields_and_a_put_replaces_all(self, call, model):
        first = call("patch", {"values": {"technical.task": "ocr", "legal.license": "mit"}, "text": "# Hi"}, tag='"0"')
        assert (first.status_code, first["ETag"]) == (200, '"1"')
        second = call("patch", {"values": {"technical.task": "asr"}, "summary": "It hears"}, tag='"1"').json()
        assert (second["values"], second["summary"]) == ({"technical.task": "asr", "legal.license": "mit"}, "It hears")
        third = call("put", {"values": {"legal.license": "bsd"}}, tag='"2"').json()
        assert (third["values"], third["text"], third["revision"]) == ({"legal.license": "bsd"}, "", 3)
        assert [row["revision"] for row in call("get", path="/revisions").json()["results"]] == [3, 2, 1]
        assert call("get", path="/revisions/1").json()["text"] == "# Hi"
        assert call("get", path="/revisions/9").status_code == 404
        assert call("get", path="/revisions/99999999999999999999").status_code == 404

    def test_saving_the_same_answers_the_same_tag(self, call, model):
        call("patch", {"values": {"technical.task": "ocr"}}, tag='"0"')
        assert call("patch", {"values": {"technical.task": "ocr"}}, tag='"1"')["ETag"] == '"1"'

    def test_the_schema_of_a_tier_is_json_schema(self, call, model):
        strict, mild = call("get", path="/schema?tier=T1").json(), call("get", path="/schema?tier=T4").json()
        assert strict["$schema"].startswith("https://json-schema.org/")
        assert len(strict["required"]) > len(mild["required"]) > 0
        assert "risk.limitations" in mild["required"]
        assert call("get", path="/schema?tier=T9").status_code == 422
        assert call("get", path="/schema?pack=magic").status_code == 422

    def test_a_readme_goes_out_and_comes_in_again(self, call, model, cast):
        save_card(model, by=cast.nina, values={"legal.license": "mit", "technical.tags": ["a", "b"]}, text="# Title\n\nWords.\n")
        out = call("get", path="/readme", HTTP_ACCEPT="text/markdown")
        assert out["Content-Type"].startswith("text/markdown")
        assert "attachment" in out["Content-Disposition"]
        text = out.content.decode()
        assert text.startswith("---\nlicense: mit\n")
        back = call("put", text.replace("mit", "bsd"), path="/readme", tag='"1"', kind="text/markdown")
        assert back.status_code == 200, back.content
        assert back.json()["values"] == {"legal.license": "bsd", "technical.tags": ["a", "b"]}
        assert back.json()["warnings"] == []

    def test_files_that_say_otherwise_are_shown(self, call, model, cast):
        from catalog.cards.actions import take_found_facts

        save_card(model, by=cast.nina, values={"legal.license": "mit"})
        take_found_facts(model, {"legal.license": {"value": "gpl-3.0", "file": "README.md"}})
        assert call("get").json()["found_differs"] == {"legal.license": {"value": "gpl-3.0", "file": "README.md"}}

    def test_approvals_in_force_are_named_with_their_revision(self, call, model, cast):
        save_card(model, by=cast.nina, values={"risk.limitations": "Old."})
        make.an_approved_version(model, cast.nina)
        answer = call("patch", {"values": {"identity.summary": "Told in other words."}}, tag='"1"').json()
        assert (answer["revision"], answer["approvals"]) == (2, [{"version": "1.0.0", "revision": 1}])
        answer = call("patch", {"values": {"risk.limitations": "New."}}, tag='"2"').json()
        assert (answer["revision"], answer["approvals"]) == (3, [])


@pytest.mark.django_db
class TestTags:
    @pytest.mark.parametrize(("method", "path"), [("put", ""), ("patch", ""), ("put", "/readme")])
    def test_without_if_match_nothing_is_written(self, call, model, method, path):
        answer = call(method, "# Hi" if path else {"values": {}}, path=path, kind="text/markdown" if path else "application/json")
        assert (answer.status_code, answer.json()["status"], answer["ETag"]) == (428, 428, '"0"')
        assert current_card(model) is None

    @pytest.mark.parametrize("tag", ['"0"', '"7"', "1", "W/nonsense", "*x"])
    def test_an_old_tag_is_answered_with_the_present_one(self, call, model, cast, tag):
        save_card(model, by=cast.nina, values={"technical.task": "ocr"})
        answer = call("patch", {"values": {"technical.task": "asr"}}, tag=tag)
        assert (answer.status_code, answer["ETag"], answer.json()["etag"], answer.json()["revision"]) == (412, '"1"', '"1"', 1)
        assert answer["Content-Type"].startswith("application/problem+json")
        assert current_card(model).values == {"technical.task": "ocr"}

    def test_a_star_means_whatever_is_there(self, call, model, cast):
        assert call("patch", {"values": {}}, tag="*").status_code == 412
        save_card(model, by=cast.nina, values={"technical.task": "ocr"})
        assert call("patch", {"values": {"technical.task": "asr"}}, tag="*").status_code == 200

    def test_who_saves_between_reading_and_writing_wins(self, call, model, cast, monkeypatch):
        from catalog.cards import api

        def late(request, found):
            save_card(found, by=cast.paul, values={"technical.task": "ocr"})
            return 0

        monkeypatch.setattr(api, "expected_of", late)
        answer = call("patch", {"values": {"technical.task": "asr"}}, tag='"0"')
        assert (answer.status_code, answer["ETag"]) == (412, '"1"')


@pytest.mark.django_db
class TestBadInput:
    def test_an_unknown_field_and_a_wrong_type_are_named(self, call, model):
        answer = call("patch", {"values": {"no.such": 1, "technical.parameter_count": "many"}}, tag='"0"')
        errors = answer.json()["errors"]
        assert answer.status_code == 422
        assert "There is no field 'no.such'." in errors["no.such"][0]
        assert "is not a number" in errors["technical.parameter_count"][0]

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"valeus": {}}, 422), ({"values": []}, 422), ({"values": {}, "text": 5.5, "sources": 1}, 422), ("{", 400), ([], 422),
            ({"values": {"risk.limitations": "a\u0000b"}}, 400), ({"sources": {"technical.task": "human"}}, 422), ({"summary": "x" * 281}, 422),
        ],
    )  # fmt: skip
    def test_other_nonsense_is_refused(self, call, model, body, status):
        assert call("patch", body, tag='"0"').status_code == status
        assert current_card(model) is None

    def test_other_media_types_are_refused(self, call, model):
        assert call("patch", "values=1", tag='"0"', kind="text/plain").status_code == 415

    def test_300_kb_of_open_images_are_kept_escaped_and_explained(self, call, model):
        answer = call("patch", {"text": "![" * 150_000}, tag='"0"')
        assert answer.status_code == 200
        assert answer.json()["html"].startswith("<pre>![![")
        assert answer.json()["note"]

    def test_a_readme_that_is_no_text_is_refused(self, call, model):
        assert call("put", b"\xff\xfe\x00", path="/readme", tag='"0"', kind="text/markdown").status_code == 422
        assert call("put", b"x" * 5_000_000, path="/readme", tag='"0"', kind="text/markdown").status_code == 413

    def test_people_of_other_teams_read_and_do_not_write(self, call, model, cast):
        assert call("get", who=cast.bea).status_code == 200
        assert call("patch", {"values": {}}, tag='"0"', who=cast.bea).status_code == 403

    def test_a_hidden_model_is_not_there(self, client, cast, token_of):
        make.a_model(cast.secret_lab, cast.sam, "falcon", visibility="team")
        for path in ("card", "card/revisions", "card/revisions/1", "card/schema", "card/readme"):
            assert client.get(f"/api/v1/models/secret-lab/falcon/{path}", headers=token_of(cast.nina)).status_code == 404
