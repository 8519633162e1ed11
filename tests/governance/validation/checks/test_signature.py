"""V31: signatures made by the signing tool itself, over real files."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from model_signing import hashing, signing

from governance.validation.checks.signature import Signature
from tests.factories import safetensors
from tests.governance.validation.checks.test_manifest import write
from tests.governance.validation.checks.world import subject

FILES = {"model.safetensors": safetensors(3), "config.json": b'{"model_type": "bert"}', "docs/a.txt": b"words\n"}
NAME = "model.sig.json"


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def key():
    return ec.generate_private_key(ec.SECP256R1())


def bundle(tmp_path, config, files=FILES, ignored=()):
    """The bytes of a signature over these files."""
    folder = write(tmp_path / "signed", files)
    how = hashing.Config().use_file_serialization(ignore_paths=[folder / path for path in ignored])
    config.set_hashing_config(how.set_ignored_paths(paths=[folder / path for path in ignored], ignore_git_paths=True)).sign(
        folder, tmp_path / "made.sig"
    )
    return (tmp_path / "made.sig").read_bytes()


def by_key(tmp_path, key, **more):
    (tmp_path / "key.pem").write_bytes(pem(key))
    return bundle(tmp_path, signing.Config().use_elliptic_key_signer(private_key=tmp_path / "key.pem"), **more)


@pytest.fixture
def trusting(settings, tmp_path):
    def trust(**data):
        folder = tmp_path / f"rules{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "signers.yaml").write_text(yaml.safe_dump({"signers": [], "authorities": []} | data))
        settings.RULES_FOLDER = str(folder)

    return trust


def judged(tmp_path, signature, files=FILES):
    return Signature().run(subject(tmp_path, files | {NAME: signature}))


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_a_signature_by_a_trusted_key_passes_and_names_the_signer(tmp_path, trusting, curve):
    own = ec.generate_private_key(curve)
    trusting(signers=[{"name": "Release desk", "public_key": public(own)}])
    answer = judged(tmp_path, by_key(tmp_path, own))
    assert answer.verdict == "pass", answer.sentence
    assert answer.evidence["signatures"][0]["signer"] == "Release desk"
    assert len(answer.evidence["oms_root"]) == 64


def test_a_signature_by_an_unknown_key_is_shown_to_a_reviewer(tmp_path, key):
    answer = judged(tmp_path, by_key(tmp_path, key))
    assert answer.verdict == "warn"
    assert "not on the list of trusted signers" in answer.sentence


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (FILES | {"model.safetensors": safetensors(4)}, "model.safetensors is not the file that was signed"),
        (FILES | {"more.txt": b"x\n"}, "more.txt is not signed"),
        ({path: content for path, content in FILES.items() if path != "config.json"}, "config.json was signed and is not here"),
        ({("renamed.json" if path == "config.json" else path): content for path, content in FILES.items()}, "config.json was signed and is not here"),
    ],
)
def test_other_files_than_the_signed_ones_fail_whoever_signed(tmp_path, trusting, key, files, said):
    signature = by_key(tmp_path, key)
    assert judged(tmp_path, signature, files).verdict == "fail"
    trusting(signers=[{"name": "Release desk", "public_key": public(key)}])
    answer = judged(tmp_path, signature, files)
    assert (answer.verdict, answer.findings[0].severity) == ("fail", "critical")
    assert said in answer.sentence


def changed(signature, change):
    value = json.loads(signature)
    change(value)
    return json.dumps(value).encode()


def other_list(value):
    payload = json.loads(base64.b64decode(value["dsseEnvelope"]["payload"]))
    payload["subject"][0]["name"] = "another model"
    value["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.mark.parametrize(
    "change",
    [
        other_list,
        lambda value: value["dsseEnvelope"]["signatures"][0].update(sig=base64.b64encode(b"0" * 70).decode()),
        lambda value: value["dsseEnvelope"].update(payloadType="text/plain"),
        lambda value: value["dsseEnvelope"].update(payload="%%%"),
        lambda value: value.pop("dsseEnvelope"),
        lambda value: value["dsseEnvelope"].update(payload=base64.b64encode(b"[]").decode()),
    ],
)
def test_a_signature_that_somebody_changed_fails(tmp_path, trusting, key, change):
    trusting(signers=[{"name": "Release desk", "public_key": public(key)}])
    answer = judged(tmp_path, changed(by_key(tmp_path, key), change))
    assert answer.verdict == "fail", answer.sentence


def test_files_that_the_signer_left_out_are_named(tmp_path, trusting, key):
    trusting(signers=[{"name": "Release desk", "public_key": public(key)}])
    answer = judged(tmp_path, by_key(tmp_path, key, ignored=["docs"]))
    assert answer.verdict == "warn"
    assert "docs/a.txt" in answer.sentence


def certificate(name, key, issuer=None, issuer_key=None, *, ca=False, days=365, email=""):
    subject_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject_name).issuer_name(issuer.subject if issuer else subject_name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=400)).not_valid_after(now + timedelta(days=days))
    made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False)
    made = made.add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
    if email:
        made = made.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
    return made.sign(issuer_key or key, hashes.SHA256())


def text_of(made):
    return made.public_bytes(serialization.Encoding.PEM).decode()


def by_certificate(tmp_path, *, days=365):
    """A signature with its chain: root, one between, and who signs."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    root = certificate("Company root", keys[0], ca=True)
    between = certificate("Company models", keys[1], root, keys[0], ca=True)
    leaf = certificate("Nina", keys[2], between, keys[1], email="nina@example.com", days=days)
    (tmp_path / "key.pem").write_bytes(pem(keys[2]))
    (tmp_path / "leaf.pem").write_text(text_of(leaf))
    (tmp_path / "between.pem").write_text(text_of(between))
    config = signing.Config().use_certificate_signer(
        private_key=tmp_path / "key.pem", signing_certificate=tmp_path / "leaf.pem", certificate_chain=[tmp_path / "between.pem"]
    )
    return bundle(tmp_path, config), root


def test_a_certificate_of_a_trusted_authority_passes(tmp_path, trusting):
    signature, root = by_certificate(tmp_path)
    trusting(authorities=[{"name": "Company", "certificate": text_of(root), "identities": ["nina@example.com"]}])
    answer = judged(tmp_path, signature)
    assert answer.verdict == "pass", answer.sentence
    assert "nina@example.com, certified by Company" in answer.sentence


@pytest.mark.parametrize(
    ("days", "authority", "said"),
    [
        (365, None, "certified by nobody on the list"),
        (365, {"identities": ["paul@example.com"]}, "who may not sign models here"),
        (-1, {}, "whose certificate ended"),
    ],
)
def test_a_certificate_that_proves_too_little_is_shown_to_a_reviewer(tmp_path, trusting, days, authority, said):
    signature, root = by_certificate(tmp_path, days=days)
    if authority is not None:
        trusting(authorities=[{"name": "Company", "certificate": text_of(root)} | authority])
    answer = judged(tmp_path, signature)
    assert answer.verdict == "warn"
    assert said in answer.sentence


def test_a_root_of_the_same_name_is_not_the_root(tmp_path, trusting):
    signature, _ = by_certificate(tmp_path)
    false = certificate("Company root", ec.generate_private_key(ec.SECP256R1()), ca=True)
    trusting(authorities=[{"name": "Company", "certificate": text_of(false)}])
    assert judged(tmp_path, signature).verdict == "warn"


def test_nobody_has_to_sign(tmp_path):
    answer = Signature().run(subject(tmp_path, FILES))
    assert (answer.verdict, answer.findings) == ("na", ())


def test_another_list_of_signers_is_another_version_of_the_check(trusting, key):
    before = Signature().version
    trusting(signers=[{"name": "Release desk", "public_key": public(key)}])
    assert Signature().version != before
    assert len(Signature().version) <= 20
