"""A CI system of our own: it signs tokens for its jobs and publishes its keys from a real server on the loopback interface."""

import json
import os
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from marketplace.local.processes import free_port

ISSUER = "https://ci.example.com"
AUDIENCE = "model-marketplace"
RULE = {
    "issuer": ISSUER, "audience": AUDIENCE, "repository": "finance/invoices", "ref": "refs/heads/main", "workflow": ".github/workflows/release.yml",
}  # fmt: skip
RSA_KEY, EC_KEY, STRANGE_KEY = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
KEYS = {
    "rsa-1": json.loads(RSAAlgorithm.to_jwk(RSA_KEY.public_key())) | {"kid": "rsa-1", "use": "sig", "alg": "RS256"},
    "ec-1": json.loads(ECAlgorithm.to_jwk(EC_KEY.public_key())) | {"kid": "ec-1", "use": "sig"},
}
DOCUMENTS = {
    "/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
    "/keys": {"keys": list(KEYS.values())},
}
# Another process than the one that serves is told where by its environment.
PORT = int(os.environ.get("CI_PORT") or free_port())
asked: list[str] = []


class Keys(BaseHTTPRequestHandler):
    """Answers with what an issuer publishes."""

    def do_GET(self):
        asked.append(self.path)
        found = DOCUMENTS.get(self.path)
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps(found or {}).encode())

    def log_message(self, *args):
        pass


@contextmanager
def serving():
    """Publish the keys for the length of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked.clear()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def fetch(url: str):
    """Fetch as the product would, from where the issuer's name leads in these tests."""
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{urlsplit(url).path}", timeout=5) as answer:
        return json.load(answer)


def claims(**changes):
    """What the token of a job says; None leaves a claim out."""
    now = int(time.time())
    said = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "repo:finance/invoices:ref:refs/heads/main", "iat": now, "nbf": now, "exp": now + 300, "jti": uuid4().hex,
        "repository": "finance/invoices", "ref": "refs/heads/main", "workflow_ref": "finance/invoices/.github/workflows/release.yml@refs/heads/main",
    }  # fmt: skip
    return {name: value for name, value in (said | changes).items() if value is not None}


def signed(key=RSA_KEY, algorithm="RS256", kid="rsa-1", **changes) -> str:
    """The token of a job."""
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid} if kid else None)
