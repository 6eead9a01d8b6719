"""deploy/nginx-tls.conf in a real nginx, with a certificate that the test makes."""

import http.client
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gates import Answer, read_answer
from rooms import Room, make
from sale import Sale, sale
from sites import nginx_argv
from systems import eventually, free_ports

from waitingroom.run.child import kill, spawn
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

CONF = Path(__file__).parents[2] / "deploy" / "nginx-tls.conf"
WAIT, SHOP = "wait.example.com", "shop.example.com"


@dataclass
class TlsSite:
    """The sale, and nginx before it. ``context``: trusts our certificate and no other."""

    sale: Sale
    http: int
    https: int
    context: ssl.SSLContext
    room: Room

    def connect(self, host: str) -> http.client.HTTPSConnection:
        """By https, with the name checked."""
        plain = socket.create_connection(("127.0.0.1", self.https), timeout=20)
        connection = http.client.HTTPSConnection(host, self.https, timeout=20)
        connection.sock = self.context.wrap_socket(plain, server_hostname=host)
        return connection

    def ask(self, url: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        """One request to one of the two hosts, whatever the port in the address."""
        parts = urlsplit(url)
        assert parts.scheme == "https", url
        connection = self.connect(parts.hostname or "")
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(
                method, path or "/", headers={"Host": parts.netloc, **(headers or {})}
            )
            return read_answer(connection.getresponse())
        finally:
            connection.close()

    def ask_plain(self, host: str, method: str, path: str) -> Answer:
        """One request by http."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=20)
        try:
            connection.request(method, path, headers={"Host": host})
            return read_answer(connection.getresponse())
        finally:
            connection.close()

    def join_by_ipv6(self, host: str) -> Answer:
        """A ticket, over IPv6."""
        connection = http.client.HTTPSConnection(host, self.https, timeout=20)
        plain = socket.create_connection(("::1", self.https), timeout=20)
        connection.sock = self.context.wrap_socket(plain, server_hostname=host)
        connection.request("POST", "/tls/ticket", headers={"Host": f"{host}:{self.https}"})
        answer = read_answer(connection.getresponse())
        connection.close()
        return answer


@dataclass
class Visitor:
    """Keeps each host's cookies as a browser does: Secure ones are sent by https only."""

    site: TlsSite
    cookies: dict[str, dict[str, str]] = field(default_factory=lambda: {WAIT: {}, SHOP: {}})

    def ask(self, method: str, url: str, **headers: str) -> Answer:
        """One request; what it sets is kept."""
        host = urlsplit(url).hostname or ""
        sent = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", **headers}
        if jar := self.cookies[host]:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        answer = self.site.ask(url, method, sent)
        for line in answer.set_cookies:
            name = line.partition("=")[0]
            assert name.startswith("__Host-"), line
            assert "; Secure" in line and "; HttpOnly" in line and "Domain" not in line, line
        jar |= answer.cookies
        return answer

    def follow(self, answer: Answer, base: str) -> tuple[Answer, str]:
        """Go where redirects lead; the last answer and its address."""
        for _ in range(8):
            where = answer.header("location")
            if not where:
                return answer, base
            base = where if "//" in where else f"https://{urlsplit(base).netloc}{where}"
            answer = self.ask("GET", base)
        raise AssertionError(f"no end of redirects at {base}")


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """For both hosts, by Debian's openssl: certificate and key."""
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-days", "2", "-subj", "/CN=waitingroom tests"]
    words += ["-addext", f"subjectAltName=DNS:{WAIT},DNS:{SHOP}"]
    words += ["-keyout", str(key), "-out", str(certificate)]
    made = subprocess.run(words, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr.decode()
    return certificate, key


@contextmanager
def nginx(folder: Path, changes: dict[str, str]) -> Iterator[None]:
    """The sample in a real nginx, with what its head says is to be changed."""
    text = CONF.read_text("utf-8")
    for old, new in changes.items():
        assert old in text, f"deploy/nginx-tls.conf has no {old}"
        text = text.replace(old, new)
    child = spawn(nginx_argv(folder, text), log=folder / "nginx.log")
    try:
        yield
        assert (folder / "error.log").read_text("utf-8") == ""
    finally:
        kill(child)


@pytest.fixture(scope="module")
def site(embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsSite]:
    """Everything up, and a room whose line has to be waited in."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = make_certificate(folder)
    plain, tls = free_ports(2)
    settings = {
        "WAITINGROOM_GATE_URL": f"https://{WAIT}:{tls}",
        "WAITINGROOM_SHOP_URL": f"https://{SHOP}:{tls}",
        "WAITINGROOM_TRUSTED_PROXIES": "127.0.0.1",
    }
    store = Store.connect(embedded.url, timeout_s=10)
    room = make(store, "tls", origins=(settings["WAITINGROOM_SHOP_URL"],), join_limit=50)
    with sale(embedded.url, folder, "tls", **settings) as running:
        changes = {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen [::]:80;": f"listen [::1]:{plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{tls} ssl",
            "listen [::]:443 ssl": f"listen [::1]:{tls} ssl",
            "127.0.0.1:8000": f"127.0.0.1:{running.gate.port}",
            "127.0.0.1:8080": f"127.0.0.1:{running.shop.port}",
            "/etc/ssl/waitingroom/fullchain.pem": str(certificate),
            "/etc/ssl/waitingroom/privkey.pem": str(key),
            "https://$host$": f"https://$host:{tls}$",
        }
        # Ports other than 443 belong to a host's name, as browsers have it.
        changes["Host $host;"] = "Host $http_host;"
        with nginx(folder, changes):
            made = TlsSite(
                running, plain, tls, ssl.create_default_context(cafile=certificate), room
            )
            eventually(lambda: up(made), "nginx is up")
            yield made
    store.close()


def up(site: TlsSite) -> bool:
    """Whether the gate answers through nginx."""
    try:
        return site.ask(f"https://{WAIT}:{site.https}/readyz").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-tls.conf"])
def test_other_sites_of_the_same_nginx_inherit_nothing(name: str) -> None:
    """What stands in http { } itself counts for every server in it."""
    text, depth, outermost = (CONF.parent / name).read_text("utf-8"), 0, []
    bare = re.sub(r'"[^"\n]*"|#.*', "", text)
    for found in re.finditer(r"[{};]|[^{};]+", bare):
        if not depth and (words := found[0].split()):
            outermost.append(words[0])
        depth += {"{": 1, "}": -1}.get(found[0], 0)
    assert {*outermost} - {"{", "}", ";"} <= {"upstream", "map", "proxy_cache_path", "server"}
    assert outermost.count("server") >= 1


def test_whoever_comes_by_http_is_sent_to_https(site: TlsSite) -> None:
    """Method and path are kept, and nothing is served."""
    for host in (WAIT, SHOP):
        for method in ("GET", "POST"):
            answer = site.ask_plain(host, method, "/tls/en?to=%2Fsale")
            where = f"https://{host}:{site.https}/tls/en?to=%2Fsale"
            assert (answer.status, answer.header("location")) == (308, where)
            assert not answer.set_cookies


def test_browsers_are_told_to_come_by_https_from_now_on(site: TlsSite) -> None:
    """HSTS on every answer of both hosts, errors too."""
    for host, path in ((WAIT, "/tls/en"), (WAIT, "/nowhere"), (SHOP, "/"), (SHOP, "/static/none")):
        answer = site.ask(f"https://{host}:{site.https}{path}")
        assert answer.header("strict-transport-security") == "max-age=31536000"


def test_a_name_that_is_not_ours_does_not_get_as_far_as_http(site: TlsSite) -> None:
    """The handshake is refused: nobody can point a host of theirs here."""
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        site.connect("evil.example.com")


def test_from_the_shop_through_the_line_into_the_shop_by_https(site: TlsSite) -> None:
    """Every cookie on the way is ``__Host-``, Secure and HttpOnly; the pass is handed over."""
    visitor, shop = Visitor(site), f"https://{SHOP}:{site.https}"
    sent_away = visitor.ask("GET", f"{shop}/")
    assert sent_away.status == 303
    assert sent_away.header("location").startswith(f"https://{WAIT}:{site.https}/tls/go?")
    inside, where = visitor.follow(sent_away, f"{shop}/")
    assert (inside.status, where) == (200, f"{shop}/")
    assert set(visitor.cookies[WAIT]) >= {"__Host-wr-ticket-tls", "__Host-wr-pass-tls"}
    assert list(visitor.cookies[SHOP]) == ["__Host-wr-pass-tls"]
    assert visitor.ask("GET", f"{shop}/").status == 200


def test_a_shopper_who_waits_joins_enters_and_leaves_by_https(site: TlsSite) -> None:
    """With the page's own posts: their origin is ours, one by http is not."""
    visitor, gate = Visitor(site), f"https://{WAIT}:{site.https}"
    ours, plain = {"Origin": gate}, {"Origin": gate.replace("https", "http")}
    assert visitor.ask("POST", f"{gate}/tls/ticket", **plain, Accept="*/*").error == "cross_site"
    assert visitor.ask("POST", f"{gate}/tls/ticket", **ours, Accept="*/*").status == 201
    entered = visitor.ask("POST", f"{gate}/tls/pass", **ours, Accept="*/*")
    assert entered.status == 200
    assert entered.header("cache-control") == "no-store"
    inside, _ = visitor.follow(
        visitor.ask("GET", entered.json["redirect"]), entered.json["redirect"]
    )
    assert inside.status == 200


def test_over_ipv6_it_is_the_same_and_cookies_are_as_safe(site: TlsSite) -> None:
    """The listeners on ``[::]``."""
    answer = site.join_by_ipv6(WAIT)
    assert answer.status == 201
    (line,) = answer.set_cookies
    assert line.startswith("__Host-wr-ticket-tls=") and "; Secure" in line


def test_what_a_client_says_of_itself_goes_no_further(site: TlsSite) -> None:
    """Through the proxy all lies are taken away: the join limit counts the real address."""
    gate = f"https://{WAIT}:{site.https}"
    site.room.set(join_limit=1)
    try:
        statuses = set()
        for last in range(8):
            lies = {
                "X-Forwarded-For": f"198.51.100.{last}",
                "Forwarded": f"for=198.51.100.{last};proto=http;host=evil.example",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Proto": "http",
            }
            answer = site.ask(f"{gate}/tls/ticket", "POST", lies)
            statuses.add(answer.status)
            assert all("; Secure" in line for line in answer.set_cookies)
        assert 429 in statuses
    finally:
        site.room.set(join_limit=0)
