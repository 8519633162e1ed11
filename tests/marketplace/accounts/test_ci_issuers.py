"""What a CI job's token is judged by that its own repository or its issuer could play with."""

import pytest

from marketplace.accounts.keys.actions import add_publisher, exchange_assertion
from marketplace.errors import NotSignedIn, Unavailable
from tests import ci
from tests.factories import a_service_account

GITLAB = {
    "repository": None, "workflow_ref": None, "project_path": "finance/invoices",
    "ci_config_ref_uri": "gitlab.example.com/finance/invoices//.github/workflows/release.yml@refs/heads/main",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def issuer():
    with ci.serving():
        yield


@pytest.fixture
def released(cast):
    """A rule that trusts every release tag."""
    account = a_service_account(cast.finance_ml, cast.paul, "ci-releases")
    return add_publisher(account.user, by=cast.paul, scopes=["publish"], **ci.RULE | {"ref": "refs/tags/v*"})


@pytest.mark.parametrize("claims", [{"ref": "v1", "ref_type": "tag"}, {"ref": "v1", "ref_type": "tag", "ref_path": "refs/tags/v1"}])
def test_a_release_of_gitlab_is_trusted(released, claims):
    assert exchange_assertion(ci.signed(**GITLAB | claims), fetch=ci.fetch)


@pytest.mark.parametrize(
    "claims",
    [
        {"ref": "refs/tags/v1", "ref_type": "branch"},
        {"ref": "refs/tags/v1", "ref_type": "branch", "ref_path": "refs/heads/refs/tags/v1"},
        {"ref": "v1", "ref_type": "tag", "ref_path": "refs/merge-requests/1/head"},
        {"ref": "refs/tags/v1"},
    ],
)
def test_a_branch_that_is_called_like_a_tag_is_none(released, claims):
    with pytest.raises(NotSignedIn):
        exchange_assertion(ci.signed(**GITLAB | claims), fetch=ci.fetch)


def test_an_issuer_that_does_not_answer_is_not_waited_for_again_at_once(released):
    asked = []

    def down(url):
        asked.append(url)
        with pytest.raises(Unavailable):  # while one request waits, no other does
            exchange_assertion(ci.signed(), fetch=down)
        raise OSError("slow")

    for _ in range(3):
        with pytest.raises(Unavailable):
            exchange_assertion(ci.signed(), fetch=down)
    assert len(asked) == 1
