"""Production refuses to start with an unsafe value, and says which."""

import os
import subprocess
import sys

import pytest

from marketplace.environment import Environment, storage_options, unsafe_values

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
