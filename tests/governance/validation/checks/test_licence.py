"""V40: the licence is known, its text fits, the base model allows it, and it is not refused."""

import pytest
import yaml

from governance.validation.checks.licence import Licence
from governance.validation.rules import HERE
from tests.factories import safetensors
from tests.governance.validation.checks.world import subject

APACHE = b"Apache License\nVersion 2.0, January 2004\n\nTERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION\n"
MIT = b"Permission is hereby granted, free of charge, to any person, to deal in the Software\nwithout restriction, ...\n"
BSD3 = (
    b"Redistribution and use in source and binary forms, with or without modification, are permitted ...\n"
    b"used to endorse or promote products derived from this software without specific prior written permission.\n"
)
GPL3 = b"GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"


def judged(tmp_path, name, files=None, *, tier="T3", base=None, card=None, **record):
    values = {"legal.license": name, "lineage.base_model": [base] if base else ["none"]} | (card or {})
    return Licence().run(subject(tmp_path, files or {"m.safetensors": safetensors()}, tier=tier, card=values, **record))


@pytest.mark.parametrize(
    "name", ["apache-2.0", "MIT", "BSD-3-Clause", "cc-by-4.0", "MIT OR GPL-3.0-only", "proprietary", "GPL-3.0-or-later", "apache license 2.0"]
)
def test_known_licences_pass(tmp_path, name):
    answer = judged(tmp_path, name)
    assert answer.verdict == "pass", answer.sentence


@pytest.mark.parametrize("name", ["llama3.1", "gemma", "cc-by-nc-4.0", "AGPL-3.0-only", "CC-BY-NC-ND-4.0", "MIT AND CC-BY-NC-4.0"])
def test_licences_that_ask_much_are_shown_to_a_reviewer(tmp_path, name):
    assert judged(tmp_path, name).verdict == "warn"


def test_an_unknown_name_warns_when_its_text_can_be_read_and_fails_otherwise(tmp_path):
    assert judged(tmp_path, "acme-1.0", card={"legal.license_link": ""}).verdict == "fail"
    assert judged(tmp_path, "acme-1.0", {"LICENSE": b"Acme lets you.\n"}, card={"legal.license_link": ""}).verdict == "warn"
    assert judged(tmp_path, "LicenseRef-acme", card={"legal.license_link": "https://example.org/l"}).verdict == "warn"
    assert judged(tmp_path, "").verdict == "fail"


def test_a_refused_licence_fails_and_quarantines_unless_there_is_a_choice(tmp_path):
    answer = judged(tmp_path, "SSPL-1.0")
    assert (answer.verdict, answer.quarantines, answer.findings[0].kind) == ("fail", True, "licence")
    assert judged(tmp_path, "SSPL-1.0 OR MIT").verdict == "pass"


@pytest.mark.parametrize(
    ("name", "text", "verdict"),
    [
        ("apache-2.0", APACHE, "pass"),
        ("mit", MIT, "pass"),
        ("bsd-3-clause", BSD3, "pass"),
        ("GPL-3.0-or-later", GPL3, "pass"),
        ("MIT OR Apache-2.0", APACHE, "pass"),
        ("mit", APACHE, "fail"),
        ("apache-2.0", GPL3, "fail"),
        ("bsd-2-clause", BSD3, "fail"),
        ("mit", b"Some words that are no licence at all.\n", "pass"),
    ],
)
def test_the_text_is_the_one_that_the_name_promises(tmp_path, name, text, verdict):
    answer = judged(tmp_path, name, {"m.safetensors": safetensors(), "LICENSE": text})
    assert answer.verdict == verdict, answer.sentence


def test_card_and_files_name_the_same_licence(tmp_path):
    readme = b"---\nlicense: mit\n---\n# Model\n"
    assert judged(tmp_path, "mit", {"README.md": readme}).verdict == "pass"
    answer = judged(tmp_path, "apache-2.0", {"README.md": readme})
    assert (answer.verdict, answer.findings[0].path) == ("warn", "README.md")


@pytest.mark.parametrize(
    ("base", "name", "fits"),
    [("apache-2.0", "proprietary", True), ("GPL-3.0-only", "GPL-3.0-or-later", True), ("GPL-3.0-only", "mit", False), ("cc-by-nc-4.0", "mit", False),
     ("llama3.1", "proprietary", False), ("CC-BY-NC-ND-4.0", "mit", False), ("acme", "mit", True)],
)  # fmt: skip
@pytest.mark.parametrize(("tier", "verdict"), [("T3", "warn"), ("T1", "fail")])
def test_the_base_models_licence_decides_what_is_possible(tmp_path, base, name, fits, tier, verdict):
    answer = judged(tmp_path, name, base="Base-1", tier=tier, licences={"base-1": base})
    assert answer.verdict == ("pass" if fits else verdict), answer.sentence


def test_a_licence_is_added_by_changing_the_list(tmp_path, settings):
    before = Licence().version
    data = yaml.safe_load((HERE / "licences.yaml").read_text())
    data["others"]["acme-1.0"] = "Acme Model License"
    (tmp_path / "licences.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    settings.RULES_FOLDER = str(tmp_path)
    assert judged(tmp_path, "Acme Model License").verdict == "pass"
    assert Licence().version != before


def test_no_list_of_licences_is_never_a_pass(tmp_path, settings):
    (tmp_path / "licences.yaml").write_text("[1, 2")
    settings.RULES_FOLDER = str(tmp_path)
    from governance.validation.work import asking

    made = subject(tmp_path, {"m.safetensors": safetensors()})
    assert Licence().version == "1-unreadable"
    assert asking.ask(Licence(), made, {}).answer.verdict == "error"
