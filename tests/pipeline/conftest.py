"""The demo people in a database where commits are real, with a broker and a worker of their own."""

import pytest

from governance.policies.actions import ensure_starter
from tests import cast as people
from tests.pipeline.processes import Broker, Worker


@pytest.fixture
def cast(transactional_db):
    ensure_starter()
    return people.load()


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def worker(cast, broker, tmp_path):
    worker = Worker(tmp_path / "worker.log", broker)
    yield worker
    worker.stop()
