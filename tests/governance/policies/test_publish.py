"""Publishing policies: never changed, dated, counted by version, read in words."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.utils import timezone

from governance.policies import rules
from governance.policies.actions import ensure_starter, publish_policy
from governance.policies.models import Policy
from governance.policies.queries import listed, live_policy, policy_by_ref
from governance.policies.words import rules_in_words, tiers_in_words
from marketplace.activity.models import Event
from marketplace.errors import Invalid, NotAllowed, NotFound, Unavailable

TEXT = rules.starter_text()


def text_of(version):
    return TEXT.replace("\nversion: 1\n", f"\nversion: {version}\n")


def test_the_starter_is_published_once(cast):
    first = ensure_starter()
    assert (first.name, first.version, ensure_starter().pk) == ("starter", 1, first.pk)
    assert Event.objects.filter(verb="policy.published").count() == 1


def test_without_a_policy_the_answer_says_what_to_do(cast):
    with pytest.raises(Unavailable) as none:
        live_policy()
    assert "publish" in none.value.hint


def test_the_next_version_counts_on_and_takes_effect_at_its_date(cast):
    ensure_starter()
    later = timezone.now() + timedelta(days=3)
    second = publish_policy("starter", text_of(2), by=cast.gus, effective_from=later)
    assert second.version == 2
    assert live_policy()[0].version == 1
    assert [item.row.version for item in listed(later) if item.standing == "live"] == [2]
    assert policy_by_ref("starter@2")[1].version == 2


@pytest.mark.parametrize("reference", ["", "starter", "starter@0", "starter@9", "starter@1@1", "no@x", "starter@99999999999999"])
def test_an_unknown_reference_is_not_found(cast, reference):
    ensure_starter()
    with pytest.raises(NotFound):
        policy_by_ref(reference)


@pytest.mark.parametrize(
    ("name", "text", "field", "word"),
    [
        ("starter", text_of(7), "text", "version: 1"),
        ("other", TEXT, "text", "other"),
        ("starter", "name: starter", "text", ""),
        ("starter", "&a [*a]", "text", ""),
        ("n" * 61, TEXT, "name", "60"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_places(cast, name, text, field, word):
    with pytest.raises(Invalid) as wrong:
        publish_policy(name, text, by=cast.gus)
    assert word in " ".join(wrong.value.fields[field])
    assert not Policy.objects.exists()


def test_nothing_takes_effect_in_the_past(cast):
    with pytest.raises(Invalid) as wrong:
        publish_policy("starter", TEXT, by=cast.gus, effective_from=timezone.now() - timedelta(minutes=1))
    assert "effective_from" in wrong.value.fields


@pytest.mark.parametrize("who", ["paul", "tess", "aud", "root", "stan"])
def test_only_governance_publishes(cast, who):
    with pytest.raises(NotAllowed):
        publish_policy("starter", TEXT, by=getattr(cast, who))


def test_a_published_policy_never_changes(cast):
    row = ensure_starter()
    for change in (lambda: Policy.objects.filter(pk=row.pk).update(text="x"), row.delete):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            change()


def test_the_starter_reads_well():
    policy = rules.load_policy(TEXT)
    words = {tier.tier: tier for tier in tiers_in_words(policy)}
    assert words["T1"].agree == "3 people have to agree: Model risk, Security, Business owner."
    assert words["T3"].agree == "1 person has to agree: Technical."
    assert words["T4"].agree.startswith("Approved automatically when no finding is medium or worse; otherwise 1 person")
    assert "No waiver is possible." in words["T4"].limits
    assert rules_in_words(policy)[-1].when == "In all other cases"
    assert rules_in_words(policy)[0].blocked


def test_signed_in_people_read_policies(cast, signed_in):
    ensure_starter()
    client = signed_in(cast.stan)
    assert b"starter@1" in client.get("/policies").content
    page = client.get("/policies/starter/1")
    assert page.status_code == 200
    assert b"Model risk, Security, Business owner" in page.content
    assert client.get("/policies/starter/2").status_code == 404


def test_nobody_else_does(cast, client):
    ensure_starter()
    assert client.get("/policies").status_code == 302
    assert client.get("/api/v1/policies").status_code == 401


def test_machines_get_the_questions(cast, client, token_of):
    ensure_starter()
    answer = client.get("/api/v1/policies", headers=token_of(cast.stan, "read")).json()
    assert [(row["ref"], row["standing"]) for row in answer["results"]] == [("starter@1", "live")]
    assert {question["key"] for question in answer["questions"]} >= {"data_class", "exposure", "scope"}


def test_an_empty_list_says_what_to_do(cast, signed_in):
    assert b"No policy is published" in signed_in(cast.bea).get("/policies").content
