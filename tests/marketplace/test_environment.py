"""Production refuses to start with an unsafe value, and says which."""

import os
import subprocess
import sys

import pytest

from marketplace.environment import (
    ORGANIZATION_ROLES,
    SANDBOX_PROFILES,
    Environment,
    folder_problems,
    sandbox_problems,
    sign_in_problems,
    storage_options,
    unsafe_values,
)
from marketplace.permissions.needs import OrgRole
from marketplace.sandbox import choosing

GOOD = {
    "debug": False,
    "secret_key": "k3y-with-many-different-characters-0123456789",
    "public_url": "https://models.example.com",
    "database_url": "postgres://u:p@db/m",
    "redis_url": "redis://r/0",
    "storage_url": "/srv/files",
}


def test_good_values_are_accepted():
    assert unsafe_values(**GOOD) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", ""), ("secret_key", "changeme"), ("secret_key", "a" * 60), ("secret_key", "short-but-mixed-1"),
        ("public_url", "models.example.com"), ("public_url", "http://models.example.com"), ("public_url", "ftp://x"),
        ("database_url", ""), ("database_url", "sqlite:///x.db"), ("database_url", "mysql://u@h/d"),
        ("redis_url", "http://r"), ("storage_url", "s3://"),
    ],
)  # fmt: skip
def test_an_unsafe_value_is_named(name, value):
    problems = unsafe_values(**(GOOD | {name: value}))
    assert len(problems) == 1
    assert name.upper() in problems[0]


def test_the_process_itself_refuses_and_names_every_value():
    env = {"PATH": os.environ["PATH"], "PUBLIC_URL": "http://models.example.com", "SECRET_KEY": "x"}
    done = subprocess.run([sys.executable, "-c", "import marketplace.settings"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    for name in ("SECRET_KEY", "DATABASE_URL", "PUBLIC_URL"):
        assert name in done.stderr


def test_a_secret_file_may_end_in_a_newline(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("MY_VALUE_FILE", str(tmp_path / "secret"))
    assert Environment().str("MY_VALUE") == "hidden"


def test_storage_is_a_folder_or_a_bucket():
    assert storage_options("/srv/files")["OPTIONS"] == {"location": "/srv/files"}
    bucket = storage_options("s3://models/prefix?endpoint_url=http://127.0.0.1:9000&region=eu")["OPTIONS"]
    assert bucket["bucket_name"] == "models"
    assert bucket["location"] == "prefix"
    assert bucket["querystring_expire"] == 60


DIRECTORY = {
    "local": False,
    "issuer": "https://sso.example.com",
    "client_id": "c",
    "client_secret": "s",
    "scopes": ["openid"],
    "mfa_roles": ["auditor"],
}


def test_a_good_directory_or_none_is_accepted():
    assert sign_in_problems(**DIRECTORY) == []
    assert sign_in_problems(**DIRECTORY | {"issuer": "", "client_id": "", "client_secret": "", "scopes": []}) == []
    assert sign_in_problems(**DIRECTORY | {"issuer": "http://127.0.0.1:9000", "local": True}) == []
    assert set(OrgRole.values) == ORGANIZATION_ROLES


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("issuer", "http://sso.example.com", "OIDC_ISSUER"), ("issuer", "sso.example.com", "OIDC_ISSUER"), ("issuer", "https://x/?a=b", "OIDC_ISSUER"),
        ("issuer", "http://127.0.0.1:9000", "OIDC_ISSUER"), ("issuer", "https://" + "x" * 200, "200 characters"), ("client_id", "", "OIDC_CLIENT_ID"),
        ("client_secret", "", "OIDC_CLIENT_SECRET"), ("scopes", ["profile"], "OIDC_SCOPES"), ("mfa_roles", ["king"], "king"),
    ],
)  # fmt: skip
def test_a_directory_that_cannot_be_used_is_named(name, value, told):
    (problem,) = sign_in_problems(**DIRECTORY | {name: value})
    assert told in problem


@pytest.mark.parametrize(
    "more", [{"OIDC_ISSUER": "https://sso.example.com"}, {"OIDC_ROLES": "{a: [team:x:king]}"}, {"MFA_REQUIRED_FOR": "king"}], ids=str
)
def test_the_product_does_not_start_with_wrong_settings_about_signing_in(more):
    command = [sys.executable, "-c", "import django; django.setup()"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "marketplace.settings"} | more
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Refusing to start: " in done.stderr


def test_the_secret_of_the_directory_may_lie_in_a_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of-the-directory\n")
    given = {"DJANGO_SETTINGS_MODULE": "marketplace.settings", "OIDC_ISSUER": "https://sso.example.com", "OIDC_CLIENT_ID": "c"}
    environment = os.environ | given | {"OIDC_CLIENT_SECRET_FILE": str(secret)}
    command = [sys.executable, "-c", "from django.conf import settings; print(settings.OIDC_CLIENT_SECRET, end='')"]
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == "of-the-directory"


@pytest.mark.parametrize(
    ("profile", "scanner", "told"),
    [
        ("firejail", "", "SANDBOX_PROFILE is 'firejail'; use auto, bubblewrap"),
        ("none", "", "SANDBOX_PROFILE"),
        ("auto", "http://scanner:8000", "SCANNER_URL is 'http://scanner:8000'"),
        ("service", "", "SCANNER_URL must say"),
    ],
)
def test_a_sandbox_that_cannot_be_used_is_named(profile, scanner, told):
    (problem,) = sandbox_problems(profile=profile, scanner=scanner)
    assert told in problem


def test_every_profile_can_be_set():
    assert SANDBOX_PROFILES == choosing.PROFILES
    assert [sandbox_problems(profile=profile, scanner="unix:///run/scanner/socket") for profile in SANDBOX_PROFILES] == [[]] * 4


def test_a_folder_of_rules_that_is_not_there_is_named(tmp_path):
    assert folder_problems(RULES_FOLDER=str(tmp_path), OSV_FOLDER="") == []
    (problem,) = folder_problems(RULES_FOLDER=str(tmp_path), OSV_FOLDER=str(tmp_path / "none"))
    assert problem.startswith("OSV_FOLDER is")
