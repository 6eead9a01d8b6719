"""The bench's arithmetic: medians, targets, the table, and reading an answer off the wire."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from loadtests.bench.generator import HOST, Load, request_bytes, whole
from loadtests.bench.measure import Pair, Slot
from loadtests.bench.report import (
    BEGIN,
    END,
    Figure,
    ceiling,
    figures_table,
    inserted,
    ratio,
    slots_table,
)


def slot(subject: str, per_second: float, cpu_us: float = 10.0) -> Slot:
    """A slot in which all went well."""
    return Slot(subject, per_second, 0, cpu_us, 1.0, 0.25)


def pair(joins: float, hellos: float) -> Pair:
    """One pair of two slots each."""
    return Pair(
        (slot("join", joins, 30.0), slot("join", joins, 30.0)),
        (slot("hello", hellos), slot("hello", hellos)),
    )


def test_a_drift_over_a_pair_hits_both_alike() -> None:
    """One, other, other, one: a machine that slows down evenly does not change the ratio."""
    drifting = Pair((slot("a", 100), slot("a", 70)), (slot("b", 90), slot("b", 80)))
    assert drifting.ratio == 1.0


def test_a_pair_is_disturbed_when_a_worker_that_waits_for_nothing_does_not_get_its_core() -> None:
    """A join may wait for the disk; hello has nothing to wait for but the processor."""
    quiet = pair(50, 100)
    assert not quiet.disturbed
    assert not replace(quiet, one=(replace(quiet.one[0], worker_busy=0.5), quiet.one[1])).disturbed
    starved = replace(quiet.other[0], worker_busy=0.5)
    assert replace(quiet, other=(starved, quiet.other[1])).disturbed


def test_a_pair_in_which_nobody_was_answered_is_measured_again() -> None:
    """A disk that others keep busy can hold up a durable join for longer than a slot lasts."""
    quiet = pair(50, 100)
    assert replace(quiet, one=(replace(quiet.one[0], per_second=0), quiet.one[1])).disturbed


def test_the_median_decides_and_not_the_best_round() -> None:
    """Two bad rounds of three miss the target."""
    figure = ratio("joins", [pair(50, 100), pair(30, 100), pair(20, 100)], 0.35)
    assert figure.median == 0.3
    assert not figure.reached
    assert "**no**" in figures_table([figure])
    assert "0.33 by" in figure.beside


@pytest.mark.parametrize(("value", "reached"), [(9.0, True), (10.0, True), (11.0, False)])
def test_a_ceiling_is_held_from_below(value: float, reached: bool) -> None:
    """``most``: lower is better."""
    assert Figure("store", (value,), 10, most=True).reached is reached


def test_the_table_shows_who_was_the_bottleneck() -> None:
    """Both shares stand beside each rate, and the generator's own limit follows from hello."""
    slots = [slot("hello", 20_000), slot("hello", 24_000)]
    assert "| hello | 22,000 | 20,000 to 24,000 | 10 µs | 100% | 25% |" in slots_table(slots)
    assert ceiling(slots) == 88_000


def test_the_document_keeps_what_stands_around_the_table() -> None:
    """Writing twice is the same as once."""
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = inserted(document, "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert inserted(once, "new") == once
    with pytest.raises(ValueError, match="marks"):
        inserted("no marks", "new")


ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello"


def test_an_answer_counts_once_it_is_whole() -> None:
    """However the network cuts it."""
    assert [whole(ANSWER[:end]) for end in range(len(ANSWER))] == [None] * len(ANSWER)
    assert whole(ANSWER) == (True, True)


def test_other_statuses_and_closed_lines_are_seen() -> None:
    """A refusal is no answer to boast of; a server that closes gets a new connection."""
    assert whole(ANSWER.replace(b"201", b"503")) == (False, True)
    assert whole(ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) == (True, False)
    assert whole(b"HTTP/1.1 204 No Content\r\n\r\n") == (True, True)


def test_the_request_is_as_short_as_http_allows() -> None:
    """The same for all that are compared."""
    assert request_bytes("GET", "/", "", 80) == b"GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"
    assert b"\r\nContent-Length: 0\r\n" in request_bytes("POST", "/x", "", 80)
    assert request_bytes("GET", "/x", "a=b", 80).endswith(b"\r\nCookie: a=b\r\n\r\n")


class Slow(BaseHTTPRequestHandler):
    """Answers after half a second."""

    def do_GET(self) -> None:
        """Nothing to tell."""
        time.sleep(0.5)
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()


def test_a_slot_lasts_until_somebody_was_answered() -> None:
    """A machine that stands still for longer than a slot makes it longer, and no failure."""
    with ThreadingHTTPServer((HOST, 0), Slow) as server:
        Thread(target=server.serve_forever).start()
        words = map(str, (server.server_port, "GET", "/", "", 2, 0, 0.1))
        argv = (sys.executable, "-m", "loadtests.bench.generator", *words)
        told = subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout
        server.shutdown()
    done = Load(**json.loads(told))
    assert done.answers > 0
    assert done.seconds >= 0.4
