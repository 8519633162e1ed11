"""The only way to call the outside world: https to public addresses, within a time and a size.

A name is resolved once, every address it has is judged, and the connection goes to a judged address itself, so that a name
server cannot answer differently the second time. `session()` is for libraries that speak through requests; `fetch_json()`
for everything else. Neither follows a redirect unless asked, and then judges every hop; neither reads the environment's proxy.
"""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

SECONDS = 5.0
MOST_BYTES = 1024**2
CHUNK = 16 * 1024
NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
RELAYS = IPv4Network("192.88.99.0/24")
INSIDE = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"), IPv4Network("100.64.0.0/10"))
INSIDE_6 = IPv6Network("fc00::/7")
Address = IPv4Address | IPv6Address
Failed = requests.RequestException  # ours and those of a library that raises on its own


class OutboundError(requests.RequestException):
    """A call outside failed; the sentence names the host and never holds anything that the host said."""

    def __init__(self, sentence: str, *, status: int = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


class Refused(OutboundError):
    """The call was not made, because of where it would have gone."""


class TooSlow(OutboundError):
    """The answer was not there in time."""


class TooMuch(OutboundError):
    """The answer is larger than what was asked for."""


@dataclass
class Call:
    """One call with all its hops: until when, how much, and whether its time ran out."""

    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES
    until: float = field(init=False)
    clocks: list[tuple[threading.Timer, socket.socket]] = field(default_factory=list)
    problem: OutboundError | None = None  # urllib3 wraps what a line raises; this is what is told

    def __post_init__(self) -> None:
        self.until = time.monotonic() + self.seconds

    def over(self) -> None:
        """Stop the clocks of this call and let go of its lines."""
        while self.clocks:
            clock, line = self.clocks.pop()
            clock.cancel()
            line.close()

    def left(self, host: str) -> float:
        """Return the seconds that are left; raise when none are."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TooSlow(f"{host} did not answer within {self.seconds:g} seconds.")
        return left


_call: ContextVar[Call | None] = ContextVar("outbound_call", default=None)


def inner(address: Address) -> Address:
    """Return the address that traffic really reaches: IPv4 inside IPv6 (mapped, NAT64) is judged as IPv4."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet."""
    real = inner(address)
    if isinstance(real, IPv4Address):
        return real.is_global and not real.is_multicast and not real.is_reserved and real not in RELAYS
    return real.is_global and real in GLOBAL_UNICAST and not any(real in tunnel for tunnel in TUNNELS)


def is_inside(address: Address) -> bool:
    """Whether an address belongs to a company's own network. Neither this machine nor link-local: there lie the secrets of clouds."""
    real = inner(address)
    return any(real in net for net in INSIDE) if isinstance(real, IPv4Address) else real in INSIDE_6


def permitted(address: Address, host: str, port: int) -> bool:
    """Whether a call may go to this address: public ones; private ones for names that a setting lists; this machine where a setting says so."""
    if inner(address).is_loopback:
        return bool(settings.OUTBOUND_LOOPBACK)
    name, names = host.lower().rstrip("."), {name.lower() for name in settings.OUTBOUND_ALLOW}
    if port not in settings.OUTBOUND_PORTS and f"{name}:{port}" not in names:
        return False
    return is_public(address) or (is_inside(address) and not names.isdisjoint({name, f"{name}:{port}"}))


def check_url(url: str) -> None:
    """Refuse what is no plain https address; http is for this machine alone, and `permitted` lets only loopback through then."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as odd:
        raise Refused("This is no address of a web service.") from odd
    if parts.scheme not in {"https", "http"} or not host:
        raise Refused("This is no address of a web service: it must start with https://.")
    if parts.username is not None or parts.password is not None:
        raise Refused(f"The address of {host} carries a name or a password; leave them out.")
    if parts.scheme == "http" and not settings.OUTBOUND_LOOPBACK:
        raise Refused(f"{host} is asked by http; only https is called.")


def resolve(host: str, port: int, *, seconds: float) -> list[tuple[Address, Any]]:
    """Return the addresses of a host, asked once, in a thread of its own: the system's resolver knows no time limit."""
    found: list[Any] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    answers = list(found)
    if not answers:
        raise OutboundError(f"The name {host} has no address.")
    return [(ip_address(place[0].partition("%")[0]), (family, place)) for family, _, _, _, place in answers]


def new_line(host: str, port: int, *, only_loopback: bool) -> socket.socket:
    """Connect, and keep what went wrong for whoever made the call."""
    call = _call.get() or Call()
    try:
        return connect(call, host, port, only_loopback=only_loopback)
    except OutboundError as problem:
        call.problem = problem
        raise


def connect(call: Call, host: str, port: int, *, only_loopback: bool) -> socket.socket:
    """Connect to the very address that was judged; one bad address among several refuses them all."""
    addresses = resolve(host, port, seconds=call.left(host))
    for address, _ in addresses:
        if not permitted(address, host, port) or (only_loopback and not inner(address).is_loopback):
            raise Refused(f"{host} at port {port} leads to an address that may not be called from here.")
    for _, (family, place) in addresses:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(call.left(host))
            line.connect(place)
        except OSError:
            line.close()
            continue
        hang_up_at_the_end(line, call, call.left(host))
        return line
    raise OutboundError(f"{host} could not be reached.")


def hang_up_at_the_end(line: socket.socket, call: Call, seconds: float) -> None:
    """Cut the line when the time is over, whatever is being waited for: a handshake, a header or a byte of the body."""
    handle = line.dup()
    clock = threading.Timer(seconds, cut, [handle])
    clock.daemon = True
    clock.start()
    call.clocks.append((clock, handle))


def cut(line: socket.socket) -> None:
    """End both directions of a line that may be gone already."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


class PlainLine(HTTPConnection):
    """http, to this machine alone."""

    def _new_conn(self) -> socket.socket:
        return new_line(self._dns_host, int(self.port or 80), only_loopback=True)


class SafeLine(HTTPSConnection):
    """https; the certificate is checked for the name, while the connection goes to the judged address."""

    def _new_conn(self) -> socket.socket:
        return new_line(self._dns_host, int(self.port or 443), only_loopback=False)


class PlainPool(HTTPConnectionPool):
    """Lines by http."""

    ConnectionCls = PlainLine


class SafePool(HTTPSConnectionPool):
    """Lines by https."""

    ConnectionCls = SafeLine


class Door(HTTPAdapter):
    """What requests sends through: every hop is judged, nothing is kept open, bodies are read here and cut."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Take our lines instead of those of the library."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SafePool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one hop and read its answer within what is left of the call."""
        call, url = _call.get() or Call(), str(request.url)
        check_url(url)
        host = urlsplit(url).hostname or ""
        request.headers["Connection"] = "close"
        request.headers["Accept-Encoding"] = "gzip"
        left = call.left(host)
        try:
            answer = super().send(request, stream=True, timeout=(left, left), verify=settings.OUTBOUND_CA_FILE or True, cert=None, proxies=None)
            answer._content = whole_body(answer.raw, call, host)  # noqa: SLF001 - where requests keeps a body
            answer._content_consumed = True  # noqa: SLF001
            answer.raw.close()
        finally:
            call.over()
        return answer


def whole_body(raw: Any, call: Call, host: str) -> bytes:
    """Return the body, unpacked; raise when it is too large or too slow."""
    pieces, size = [], 0
    while piece := raw.read1(CHUNK, decode_content=True):
        size += len(piece)
        if size > call.most_bytes:
            raise TooMuch(f"{host} answered more than {call.most_bytes:,} bytes.")
        pieces.append(piece)
        call.left(host)
    call.left(host)  # a line that was cut looks like the end of the body
    return b"".join(pieces)


class Session(requests.Session):
    """A session of requests that goes through the door; what its caller says about proxies, certificates or redirects does not count."""

    def __init__(self, *, redirects: int = 0, seconds: float = SECONDS, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self.trust_env = False
        self.follows, self.seconds, self.most_bytes = redirects > 0, seconds, most_bytes
        self.max_redirects = max(redirects, 1)  # of the library; it counts the hop that is not followed too
        self.headers["User-Agent"] = "model-marketplace"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.adapters.clear()
        self.mount("https://", Door(max_retries=0))
        self.mount("http://", Door(max_retries=0))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Make one call with all its hops."""
        kwargs |= {"allow_redirects": self.follows, "stream": False, "verify": None, "proxies": None, "cert": None, "timeout": None}
        check_url(url)
        call = Call(self.seconds, self.most_bytes)
        before, host = _call.set(call), urlsplit(url).hostname or "This address"
        try:
            return super().request(method, url, *args, **kwargs)
        except OutboundError:
            raise
        except requests.TooManyRedirects as many:
            raise Refused(f"{host} sends on more than {self.max_redirects} times.") from many
        except (requests.RequestException, OSError, ValueError) as failed:
            if call.problem is not None:
                raise call.problem from None
            call.left(host)  # says so when the time ran out
            raise OutboundError(f"{host} could not be asked: {reason(failed)}.") from None
        finally:
            _call.reset(before)


def reason(failed: Exception) -> str:
    """Say what went wrong in our words; the library's may quote the other side."""
    if isinstance(failed, requests.exceptions.SSLError):
        return "its certificate is not valid for this name"
    if isinstance(failed, requests.exceptions.Timeout):
        return "it took too long"
    if isinstance(failed, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema)):
        return "its address is not one that can be called"
    return "the connection failed"


def session(*, redirects: int = 0, seconds: float = SECONDS, most_bytes: int = MOST_BYTES) -> Session:
    """Return a session for a library that speaks through requests."""
    return Session(redirects=redirects, seconds=seconds, most_bytes=most_bytes)


def fetch_json(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    redirects: int = 0,
    seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES,
) -> Any:
    """Call a service and return the JSON it answers with a status of success; raise OutboundError otherwise."""
    check_url(url)
    host = urlsplit(url).hostname or "This address"
    with session(redirects=redirects, seconds=seconds, most_bytes=most_bytes) as line:
        answer = line.request(method, url, headers={"Accept": "application/json", **(headers or {})}, json=body)
    if not 200 <= answer.status_code < 300:
        raise OutboundError(f"{host} answered {answer.status_code}.", status=answer.status_code)
    try:
        return answer.json()
    except ValueError as odd:
        raise OutboundError(f"{host} did not answer with JSON.", status=answer.status_code) from odd
