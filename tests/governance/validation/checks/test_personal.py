"""V48: no personal data and no secrets in the card."""

import pytest

from governance.validation.checks.personal import Personal
from tests.governance.validation.checks.world import subject

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


@pytest.mark.parametrize(
    ("text", "verdict", "said"),
    [
        ("Ask DE89 3704 0044 0532 0130 00 for it.", "warn", "an account number"),
        ("Card 4539 1488 0343 6467 was used.", "warn", "a payment card number"),
        ("Call +49 30 901820 40.", "warn", "a telephone number"),
        ("Ask jane.doe@corp.org.", "pass", "an e-mail address"),
        (f"Clone it with {TOKEN}.", "fail", "a GitHub token"),
        ('password = "correct-horse-battery"', "warn", "named like a password"),
    ],
)
def test_what_is_private_is_found_and_never_repeated(tmp_path, text, verdict, said):
    answer = Personal().run(subject(tmp_path, text=f"# Card\n\n{text}"))
    assert (answer.verdict, answer.findings[0].where) == (verdict, "text, line 3")
    assert said in answer.findings[0].message
    assert not answer.quarantines
    for part in ("3704", "4539", "901820", "jane", TOKEN, "correct-horse"):
        assert part not in repr(answer)


@pytest.mark.parametrize(
    "text",
    ["412,000 invoices of 2024 and 2025; f1 0.947.", "DE89 3704 0044 0532 0130 01", "4111 1111 1111 1111", "team@corp.org and x@example.com",
     "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "Version 1.2.3 of 2026-10-01, 1234-5678-9012"],
)  # fmt: skip
def test_figures_and_contacts_of_groups_are_not_personal(tmp_path, text):
    answer = Personal().run(subject(tmp_path, text=text))
    assert (answer.verdict, answer.findings) == ("pass", ())


def test_fields_are_searched_too_but_not_those_for_contacts(tmp_path):
    said = {"risk.limitations": f"Use {TOKEN}", "operation.incident_contact": "+49 30 901820 40", "identity.contact": "jane.doe@corp.org"}
    answer = Personal().run(subject(tmp_path, card=said))
    assert [found.where for found in answer.findings] == ["risk.limitations, line 1"]
