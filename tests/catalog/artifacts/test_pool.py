"""Real server processes: slow downloads leave the pages fast, a killed server leaves nothing half, memory stays flat."""

import hashlib
import http.client
import json
import os
import signal
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from catalog.artifacts import store
from catalog.artifacts.actions import add_file
from catalog.artifacts.models import Upload
from catalog.artifacts.queries import files_of
from catalog.registry.actions import give_grant
from catalog.usage.models import UsageEvent
from marketplace.accounts.actions import issue_token
from tests import cast as people
from tests.catalog.artifacts.servers import Server, served
from tests.factories import a_model, a_version, an_approved_version

MB = 1024 * 1024
DOWNLOADS = 200


@pytest.fixture
def cast(transactional_db):
    return people.load()


def token(user) -> dict[str, str]:
    _, secret = issue_token(user, by=user, name="test", scopes=["read", "download", "publish"])
    return {"Authorization": f"Bearer {secret}", "Host": "localhost"}


class Zeros:
    """A long stream that is never in memory."""

    def __init__(self, length):
        self.left = length

    def read(self, size=-1):
        taken = min(self.left, size if size >= 0 else self.left)
        self.left -= taken
        return bytes(taken)


def head_of(talk) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += talk.recv(256)
    return data


def database_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


@pytest.mark.full
def test_200_slow_downloads_leave_a_page_answering(cast, tmp_path):
    version = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    add_file(version, "big.bin", Zeros(32 * MB), by=cast.paul, length=32 * MB)
    path = f"/api/v1/models/{version.model}/versions/1.0.0/files/big.bin"
    me, talks = token(cast.nina), []
    with served(tmp_path / "web.log") as (web, pool):
        try:
            for _ in range(DOWNLOADS):
                status, headers, _ = web.ask("GET", path, headers=me)
                assert status == 307
                talks.append(pool.open("GET", urlsplit(headers["Location"]).path, {}, buffer=4096))
            heads = [head_of(talk) for talk in talks]
            assert all(head.startswith(b"HTTP/1.1 200") for head in heads)
            assert database_connections() < 60, "connections are given back before bytes flow"
            times = []
            for _ in range(10):
                begin = time.monotonic()
                assert web.ask("GET", "/login", headers={"Host": "localhost"})[0] == 200
                times.append(time.monotonic() - begin)
            assert sorted(times)[5] < 1.0, times
            assert UsageEvent.objects.count() == DOWNLOADS
            last = talks[-1]
            got = len(heads[-1].split(b"\r\n\r\n", 1)[1])
            while got < 32 * MB and (chunk := last.recv(MB)):
                got += len(chunk)
            assert got == 32 * MB, "and they do come to their end"
        finally:
            for talk in talks:
                talk.close()


@pytest.fixture
def web(cast, tmp_path):
    server = Server(tmp_path / "web.log", threads=4)
    yield server
    server.stop()


@pytest.mark.full
def test_a_server_killed_in_the_middle_of_a_file_leaves_nothing_and_a_retry_works(cast, web):
    draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    path, content, me = f"/api/v1/models/{draft.model}/versions/1.0.0/files/w.bin", os.urandom(4 * MB), token(cast.nina)
    talk = web.open("PUT", path, {"Authorization": me["Authorization"], "Content-Length": str(len(content))})
    talk.sendall(content[: 3 * MB])
    end = time.monotonic() + 20
    while not any(found.name.startswith("put-") for found in store.incoming().iterdir()) and time.monotonic() < end:
        time.sleep(0.02)
    for pid in web.workers():
        os.kill(pid, signal.SIGKILL)
    talk.close()
    web.process.wait(10)
    assert not files_of(draft).exists()
    web.start()
    assert web.ask("PUT", path, body=content, headers=me)[0] == 201
    assert files_of(draft).get().blob_id == hashlib.sha256(content).hexdigest()


@pytest.mark.full
def test_a_connection_that_breaks_in_the_middle_of_a_file_leaves_nothing(cast, web):
    draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    before = {found.name for found in store.incoming().iterdir()}
    path = f"/api/v1/models/{draft.model}/versions/1.0.0/files/w.bin"
    talk = web.open("PUT", path, {"Authorization": token(cast.nina)["Authorization"], "Content-Length": "5000000000"})
    talk.sendall(b"1")
    time.sleep(0.5)
    talk.close()
    end = time.monotonic() + 20
    while {found.name for found in store.incoming().iterdir()} - before and time.monotonic() < end:
        time.sleep(0.05)
    assert {found.name for found in store.incoming().iterdir()} == before
    assert not files_of(draft).exists()


def test_an_upload_in_parts_goes_on_after_the_server_was_killed(cast, web):
    draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    content, me = os.urandom(40 * MB), token(cast.nina)
    asked = json.dumps({"model": str(draft.model), "version": "1.0.0", "path": "w.bin", "size": len(content)})
    opened = json.loads(web.ask("POST", "/api/v1/uploads", body=asked, headers=me | {"Content-Type": "application/json"})[2])
    size, root = opened["part_size"], f"/api/v1/uploads/{opened['id']}"
    assert web.ask("PUT", f"{root}/parts/0", body=content[:size], headers=me)[0] == 200
    talk = web.open("PUT", f"{root}/parts/1", {"Authorization": me["Authorization"], "Content-Length": str(size)})
    talk.sendall(content[size : size + MB])
    time.sleep(0.3)
    for pid in web.workers():
        os.kill(pid, signal.SIGKILL)
    talk.close()
    web.process.wait(10)
    web.start()
    again = json.loads(web.ask("POST", "/api/v1/uploads", body=asked, headers=me | {"Content-Type": "application/json"})[2])
    assert (again["id"], again["received"]) == (opened["id"], [0])
    for number in (1, 2):
        web.ask("PUT", f"{root}/parts/{number}", body=content[number * size : (number + 1) * size], headers=me)
    done = json.dumps({"sha256": hashlib.sha256(content).hexdigest()})
    assert web.ask("POST", f"{root}/complete", body=done, headers=me | {"Content-Type": "application/json"})[0] == 201
    assert Upload.objects.get(pk=opened["id"]).state == "done"


def test_ranges_come_out_exactly_by_sendfile(cast, web):
    version = an_approved_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    give_grant(version.model, use_case=version.use_case, until=timezone.now() + timedelta(days=9), by=None, team=cast.claims_api)
    file = files_of(version).get()
    whole = store.open_blob(file.blob_id, file.blob.size).read()
    path, me = f"/api/v1/models/{version.model}/versions/1.0.0/files/{file.path}", token(cast.ivo)
    assert web.ask("GET", path, headers=me)[2] == whole
    for asked, wanted in (("bytes=0-0", whole[:1]), ("bytes=7-20", whole[7:21]), ("bytes=-5", whole[-5:]), ("bytes=30-", whole[30:])):
        status, headers, found = web.ask("GET", path, headers=me | {"Range": asked})
        assert (status, found, headers["Content-Length"]) == (206, wanted, str(len(wanted)))


@pytest.mark.full
@pytest.mark.timeout(900)
def test_three_gigabytes_in_and_out_grow_no_process(cast, tmp_path):
    size = 3 * 1024 * MB
    draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    me, root = token(cast.nina), f"/api/v1/models/{draft.model}/versions/1.0.0/files"
    with served(tmp_path / "web.log", pool_threads=8) as (web, pool):
        assert web.ask("PUT", f"{root}/small.bin", body=b"x" * MB, headers=me)[0] == 201
        where = urlsplit(web.ask("GET", f"{root}/small.bin", headers=me)[1]["Location"]).path
        assert pool.ask("GET", where, headers={"Host": "localhost"})[0] == 200
        before = [web.memory(), pool.memory()]
        talk = http.client.HTTPConnection("127.0.0.1", web.port, timeout=600)
        talk.request("PUT", f"{root}/big.bin", body=Zeros(size), headers=me | {"Content-Length": str(size)})
        assert talk.getresponse().status == 201
        where = urlsplit(web.ask("GET", f"{root}/big.bin", headers=me)[1]["Location"]).path
        talk = http.client.HTTPConnection("127.0.0.1", pool.port, timeout=600)
        talk.request("GET", where, headers={"Host": "localhost"})
        answer, digest, got = talk.getresponse(), hashlib.sha256(), 0
        while chunk := answer.read(MB):
            digest.update(chunk)
            got += len(chunk)
        assert got == size
        assert digest.hexdigest() == files_of(draft).get(path="big.bin").blob_id
        grown = [now - then for now, then in zip([web.memory(), pool.memory()], before, strict=True)]
    assert max(grown) <= 64 * MB, [f"{g / MB:.0f} MiB" for g in grown]
