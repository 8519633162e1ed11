"""Directories for the tests: a real one as a process of its own, and one in this process that answers whatever a test wants."""

import contextlib
import html
import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from marketplace.local import processes
from tests.architecture.source import ROOT

CLIENT, SECRET, PASSWORD = "marketplace", "shared-with-the-directory", "at-the-directory"


class RealDirectory:
    """allauth's own provider, on loopback. `people["bea"]["groups"] = […]` counts from the next question on."""

    def __init__(self, folder, callback):
        self.file, self.people = folder / "people.json", {}
        self.port, self.callback = processes.free_port(), callback
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.process = None

    def tell(self, **people):
        """Add or change people; what is given replaces what was there of each."""
        for name, facts in people.items():
            self.people[name] = {"sub": f"sub-of-{name}", "groups": []} | self.people.get(name, {}) | facts
        self.file.write_text(json.dumps(self.people))

    @contextlib.contextmanager
    def running(self):
        command = [sys.executable, "-m", "tests.provider.serve", str(self.port), str(self.file), self.callback]
        environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        with (self.file.parent / "provider.log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            up = processes.wait_until(lambda: open_at(self.port), process=self.process, seconds=60)
            assert up, (self.file.parent / "provider.log").read_text()[-3000:]
            yield self
        finally:
            self.process.terminate()
            self.process.wait(10)


def open_at(port):
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class HostileDirectory:
    """Answers with an ID token that a test has spoiled: `claims` replace the right ones, `sign` makes the token."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims, self.userinfo, self.nonce, self.challenge, self.token_answer = {}, {}, "", "", None
        self.sign = self.well_signed
        self.description, self.asked = {}, []
        handler = type("Handler", (Answers,), {"directory": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def jwks(self):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def well_signed(self, claims):
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})

    def id_token(self):
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "sub": "subject-1", "iat": now, "exp": now + 300, "nonce": self.nonce}
        said = {key: value for key, value in (right | self.claims).items() if value is not None}
        return self.sign(said)

    def configuration(self):
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks", "userinfo_endpoint": f"{self.issuer}/userinfo",
        } | self.description  # fmt: skip


class Answers(BaseHTTPRequestHandler):
    directory = None

    def do_GET(self):
        path = urlsplit(self.path).path
        self.directory.asked.append(path)
        known = {"/.well-known/openid-configuration": self.directory.configuration, "/jwks": self.directory.jwks}
        subject = self.directory.claims.get("sub", "subject-1")
        self.reply(known[path]() if path in known else {"sub": subject} | self.directory.userinfo)

    def do_POST(self):
        self.directory.asked.append(urlsplit(self.path).path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.directory.token_answer
        self.reply({"access_token": "an-access-token", "token_type": "Bearer", "id_token": self.directory.id_token()} if answer is None else answer)

    def reply(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def configure(settings, directory, **more):
    """Let the marketplace use a directory."""
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = directory.issuer, CLIENT, SECRET
    settings.OUTBOUND_LOOPBACK, settings.OIDC_NAME = True, "Example SSO"
    for name, value in more.items():
        setattr(settings, name, value)


def begun(client, **form):
    """Press the button; return the address that leads to the directory."""
    answer = client.post("/login/sso", form)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return html.unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.content.decode()).group(1))


def come_back(client, directory, **changed):
    """Sign in at a hostile directory and come back with its answer."""
    asked = {key: values[0] for key, values in parse_qs(urlsplit(begun(client)).query).items()}
    directory.nonce, directory.challenge = asked["nonce"], asked["code_challenge"]
    return client.get("/login/sso/callback?" + urlencode({"code": "a-code", "state": asked["state"]} | changed))
