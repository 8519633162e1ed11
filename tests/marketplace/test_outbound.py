"""Calling the outside: only public addresses, the judged one itself, every hop, within a time and a size."""

import gzip
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from marketplace import outbound
from tests.architecture.source import ROOT

SECRET = "the-body-of-somebody-else"


class Answers(BaseHTTPRequestHandler):
    """A service that answers as its path says."""

    seen: list = []

    def do_GET(self):
        type(self).seen.append((self.path, self.headers["Host"], self.headers.get("Authorization")))
        getattr(self, self.path.strip("/").partition("?")[0].replace("-", "_"), self.json)()

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def reply(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def json(self):
        self.reply(b'{"said": "hello"}', Content_Type="application/json")

    def broken(self):
        self.reply(SECRET.encode(), 500)

    def words(self):
        self.reply(SECRET.encode())

    def to_metadata(self):
        self.reply(b"", 302, Location="http://169.254.169.254/latest/meta-data/")

    def to_file(self):
        self.reply(b"", 302, Location="file:///etc/passwd")

    def to_hello(self):
        self.reply(b"", 302, Location="/hello")

    def to_itself(self):
        self.reply(b"", 302, Location="/to-itself")

    def large(self):
        self.reply(b"[" + b" " * 3_000_000 + b"]")

    def bomb(self):
        self.reply(gzip.compress(b" " * 300_000_000, 9), Content_Encoding="gzip")

    def packed(self):
        self.reply(gzip.compress(b'{"said": "packed"}'), Content_Encoding="gzip")

    def drip(self, pieces=b" " * 60):
        self.send_response(200)
        self.end_headers()
        for byte in pieces:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.1)

    def drip_header(self):
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 60:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.1)

    def log_message(self, *args):
        pass


@pytest.fixture
def service():
    """A service on this machine; `service.url` leads to it."""
    Answers.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # it is hung up on, on purpose
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url, server.seen = f"http://127.0.0.1:{server.server_port}", Answers.seen
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def loopback(settings):
    settings.OUTBOUND_LOOPBACK = True


@pytest.fixture
def strict(settings):
    """As in production: nothing on this machine, no name listed."""
    settings.OUTBOUND_LOOPBACK, settings.OUTBOUND_ALLOW, settings.OUTBOUND_PORTS = False, [], [443]


@pytest.fixture
def names(monkeypatch):
    """A name server of our own: `names["idp.example"] = ["10.0.0.1"]`; each question takes the next list when there are several."""
    table, real = {}, socket.getaddrinfo

    def answer(host, port, *args, **kwargs):
        if host not in table:
            return real(host, port, *args, **kwargs)
        given = table[host]
        addresses = given.pop(0) if isinstance(given[0], list) and len(given) > 1 else given[0] if isinstance(given[0], list) else given
        asked.append(host)
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in a], socket.SOCK_STREAM, 6, "", (a, port, 0, 0) if ":" in a else (a, port)) for a in addresses]

    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", answer)
    table_type = type("Names", (dict,), {"asked": asked})
    table = table_type()
    return table


@pytest.fixture
def no_line(monkeypatch):
    """Fails when any line is opened at all."""

    def connect(line, place):
        raise AssertionError(f"a line was opened to {place}")

    monkeypatch.setattr(socket.socket, "connect", connect)


NOT_PUBLIC = [
    "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "0", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
    "100.64.0.1", "169.254.169.254", "2852039166", "0xA9FEA9FE", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
    "192.88.99.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]", "[fc00::1]", "[fd12::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::]", "[2001:db8::1]", "[100::1]", "[fd00:ec2::254]", "localhost", "localhost.",
]  # fmt: skip


@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_no_notation_of_an_address_that_is_not_public_is_called(host, strict, no_line):
    with pytest.raises(outbound.OutboundError):
        outbound.fetch_json(f"https://{host}/")


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_a_public_address_is_public(address):
    assert outbound.is_public(ip_address(address))


def test_this_machine_is_called_only_where_a_setting_says_so(service, strict, settings):
    with pytest.raises(outbound.Refused, match="only https"):
        outbound.fetch_json(f"{service.url}/hello")
    assert not service.seen
    settings.OUTBOUND_LOOPBACK = True
    assert outbound.fetch_json(f"{service.url}/hello") == {"said": "hello"}


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/", "gopher://x/", "//example.com", "", "https://", "https://a:b@example.com/",
                                 "https://[::1", "https://example.com:99999/", "data:text/plain,x"])  # fmt: skip
def test_only_a_plain_https_address_is_called(url, strict, no_line):
    with pytest.raises(outbound.OutboundError):
        outbound.fetch_json(url)


def test_http_leads_to_this_machine_alone(loopback, names, no_line):
    names["plain.example"] = ["93.184.216.34"]
    with pytest.raises(outbound.Refused):
        outbound.fetch_json("http://plain.example/")


def test_a_name_is_asked_once_and_the_judged_address_is_called(service, loopback, names):
    names["shop.example"] = [["127.0.0.1"], ["169.254.169.254"]]
    assert outbound.fetch_json(f"http://shop.example:{service.server_port}/hello") == {"said": "hello"}
    assert names.asked == ["shop.example"]
    assert service.seen[0][1] == f"shop.example:{service.server_port}", "the service is asked by its name"


def test_a_name_that_answers_differently_the_second_time_gains_nothing(service, loopback, names):
    names["rebinds.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    with pytest.raises(outbound.Refused):
        outbound.fetch_json(f"http://rebinds.example:{service.server_port}/hello")
    assert not service.seen


def test_one_bad_address_among_good_ones_refuses_them_all(strict, names, no_line):
    names["mixed.example"] = ["93.184.216.34", "10.0.0.1"]
    with pytest.raises(outbound.Refused):
        outbound.fetch_json("https://mixed.example/")


def test_a_listed_name_may_lead_into_the_companys_network_but_never_to_the_metadata_service(strict, settings):
    inside, metadata, here = ip_address("10.1.2.3"), ip_address("169.254.169.254"), ip_address("127.0.0.1")
    assert not outbound.permitted(inside, "idp.corp", 443)
    settings.OUTBOUND_ALLOW = ["IdP.corp", "other.corp:9443"]
    assert outbound.permitted(inside, "idp.corp.", 443)
    assert not outbound.permitted(inside, "idp.corp", 9443)
    assert outbound.permitted(inside, "other.corp", 9443)
    assert not outbound.permitted(metadata, "idp.corp", 443)
    assert not outbound.permitted(here, "idp.corp", 443)
    assert not outbound.permitted(ip_address("93.184.216.34"), "elsewhere.example", 22)


def test_a_redirect_is_not_followed_unless_asked(service, loopback):
    with pytest.raises(outbound.OutboundError, match="302"):
        outbound.fetch_json(f"{service.url}/to-hello")
    assert outbound.fetch_json(f"{service.url}/to-hello", redirects=1) == {"said": "hello"}


@pytest.mark.parametrize("path", ["to-metadata", "to-file", "to-itself"])
def test_every_hop_is_judged(service, loopback, path):
    with pytest.raises(outbound.OutboundError):
        outbound.fetch_json(f"{service.url}/{path}", redirects=3)
    assert len(service.seen) <= 4


def test_a_redirect_the_caller_of_a_library_asks_for_is_not_followed(service, loopback):
    with outbound.session() as line:
        assert line.get(f"{service.url}/to-hello", allow_redirects=True).status_code == 302
    assert len(service.seen) == 1


@pytest.mark.parametrize("path", ["drip", "drip-header"])
def test_an_answer_that_drips_is_cut_at_the_total_time(service, loopback, path):
    begun = time.monotonic()
    with pytest.raises(outbound.TooSlow, match=r"within 0.8 seconds"):
        outbound.fetch_json(f"{service.url}/{path}", seconds=0.8)
    assert time.monotonic() - begun < 1.5


def test_a_handshake_that_never_ends_is_cut(loopback):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(outbound.TooSlow):
            outbound.fetch_json(f"https://localhost:{silent.getsockname()[1]}/", seconds=0.5)
    assert time.monotonic() - begun < 1.5


def test_a_name_server_that_never_answers_is_not_waited_for(strict, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(30))
    begun = time.monotonic()
    with pytest.raises(outbound.OutboundError):
        outbound.fetch_json("https://slow.example/", seconds=0.3)
    assert time.monotonic() - begun < 1


def test_too_much_is_cut_also_when_it_comes_packed(service, loopback):
    for path in ("large", "bomb"):
        begun = time.process_time()
        with pytest.raises(outbound.TooMuch):
            outbound.session(seconds=20).get(f"{service.url}/{path}")
        if path == "large":
            assert time.process_time() - begun < 1
    assert outbound.fetch_json(f"{service.url}/packed") == {"said": "packed"}


@pytest.mark.parametrize("path", ["broken", "words"])
def test_no_error_repeats_what_the_other_side_said(service, loopback, path):
    with pytest.raises(outbound.OutboundError) as told:
        outbound.fetch_json(f"{service.url}/{path}")
    assert SECRET not in told.value.sentence
    assert SECRET not in str(told.value)


def test_the_proxy_of_the_environment_does_not_count(service, loopback, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert outbound.fetch_json(f"{service.url}/hello") == {"said": "hello"}
    with outbound.session() as line:
        assert line.get(f"{service.url}/hello", proxies={"http": "http://127.0.0.1:1"}).ok


def test_a_certificate_is_checked_whatever_the_caller_says(loopback, tmp_path):
    """The service shows a certificate that nobody signed; verify=False of a careless library changes nothing."""
    import ssl

    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://localhost:{server.server_port}/hello"
    try:
        with outbound.session() as line, pytest.raises(outbound.OutboundError, match="certificate"):
            line.get(url, verify=False)
        from django.test import override_settings

        with override_settings(OUTBOUND_CA_FILE=str(certificate)):
            assert outbound.fetch_json(url) == {"said": "hello"}, "the company's own authority counts, and the name is checked against it"
            with pytest.raises(outbound.OutboundError, match="certificate"):
                outbound.fetch_json(url.replace("localhost", "127.0.0.1"))
    finally:
        server.shutdown()
        server.server_close()


def test_cookies_are_neither_kept_nor_sent(service, loopback):
    with outbound.session() as line:
        line.cookies.set("a", "b", domain="127.0.0.1")
        line.get(f"{service.url}/hello")
        assert "Set-Cookie" not in line.headers


def test_the_linter_knows_that_nothing_else_calls_out(tmp_path):
    """Ruff refuses every other way by name, in a file of ours and not in the one that is the door."""
    text = "import requests\nimport httpx\nimport urllib.request\n"
    for place, refused in (("catalog/sources/x.py", 3), ("marketplace/accounts/x.py", 3), ("marketplace/outbound.py", 0)):
        command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", place, "--output-format", "concise", "-"]
        done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
        assert done.stdout.count("TID251") == refused, done.stdout + done.stderr
