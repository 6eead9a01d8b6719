"""A real Prometheus watches a real system: every query of the dashboard and every rule has data."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.request import urlopen

import pytest
from gates import Browser
from prometheus import DEPLOY, Prometheus, promtool, scraping
from sale import SHOP_KEY, Place
from systems import Folder, eventually, working_folder

ROOM, SLOW = "spring", "slow"
WORKERS = 2
PANELS = json.loads((DEPLOY / "grafana" / "waitingroom.json").read_text("utf-8"))["panels"]
QUERIES = [target["expr"] for panel in PANELS for target in panel.get("targets", [])]


@dataclass
class Watched:
    """A system with a room that is open and one that has a line, and what watches it."""

    folder: Folder
    prometheus: Prometheus
    in_line: list[Browser] = field(default_factory=list)

    @property
    def metrics_port(self) -> int:
        """Where the system tells."""
        return int(self.folder.env["WAITINGROOM_METRICS_PORT"])

    @property
    def gate(self) -> Place:
        """Its gate."""
        return Place(int(self.folder.env["WAITINGROOM_GATE_PORT"]))

    @property
    def console(self) -> Place:
        """Its console, and the room API."""
        return Place(int(self.folder.env["WAITINGROOM_CONSOLE_PORT"]))

    def tell(self, what: str, **told: int) -> None:
        """As the shop of the room tells by its guard: again, where the store was held up."""
        headers = {"Authorization": f"Bearer {SHOP_KEY}", "Content-Type": "application/json"}
        path, body = f"/api/v1/rooms/{ROOM}/{what}", json.dumps(told).encode()
        assert self.console.ask("POST", path, headers, body).status in (200, 503)

    def crowd(self) -> None:
        """Some come and go in, one leaves, one shows a forged ticket; the shop tells how it is."""
        shoppers = [Browser(self.gate, ROOM) for _ in range(6)]
        for shopper in shoppers:
            shopper.join()
        for shopper in shoppers[:5]:
            shopper.enter()
        shoppers[5].leave()
        Browser(self.gate, ROOM, {f"wr-ticket-{ROOM}": "forged"}).enter()
        self.gate.ask("GET", f"/{ROOM}/status.json")
        self.line()
        self.tell("stock", left=500)
        self.tell("health", answers=50, failures=1)

    def line(self) -> None:
        """Where people wait, and are told how long: whoever is called goes in. As many may go in
        at once as are called in five seconds, and there are more of them than that, so that some
        are in line however slow a look is.
        """
        while len(self.in_line) < 14:
            self.in_line.append(Browser(self.gate, SLOW))
            self.in_line[-1].join()
        self.in_line = [one for one in self.in_line if one.enter().status != 200]

    def asked(self, query: str) -> list[float]:
        """As Grafana would: with its variables filled in."""
        return self.prometheus.ask(query.replace("$__rate_interval", "15s").replace("$room", ".*"))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """For all tests here."""
    folder = working_folder(tmp_path_factory.mktemp("watched"))
    try:
        folder.up(WAITINGROOM_GATE_WORKERS=str(WORKERS), WAITINGROOM_SHOP_KEY=SHOP_KEY)
        for room, *knobs in (
            (ROOM, "--rate", "600", "--burst", "20", "--capacity", "5000"),
            (SLOW, "--rate", "120", "--burst", "10"),
        ):
            made = folder.do("room", "create", room, "--opens-at", "now", *knobs)
            assert made.returncode == 0, made.stderr
        port = int(folder.env["WAITINGROOM_METRICS_PORT"])
        with scraping(port, tmp_path_factory.mktemp("prometheus")) as prometheus:
            yield Watched(folder, prometheus)
    finally:
        folder.clean()


def test_every_query_of_the_dashboard_is_answered_with_data(watched: Watched) -> None:
    """While a crowd comes and goes; and the numbers are the sale's."""
    empty = set(QUERIES)

    def look() -> bool:
        watched.crowd()
        empty.difference_update([query for query in empty if watched.asked(query)])
        return not empty

    try:
        eventually(look, "data for every query", 90)
    except AssertionError:
        pytest.fail("no data for:\n" + "\n".join(sorted(empty)))
    for query, value in (
        ("waitingroom_gate_workers", WORKERS),
        (f'60 * waitingroom_room_rate_per_second{{room="{ROOM}"}}', 600),
        (f'waitingroom_room_phase{{room="{ROOM}", phase="open"}}', 1),
    ):
        # After a scrape that took longer than a second there is nothing until the next.
        found = eventually(lambda query=query: watched.asked(query), query)
        assert found == [value], query


def test_every_rule_can_be_evaluated_and_a_sale_that_runs_alerts_nobody(watched: Watched) -> None:
    """Each has been, with this system's own metrics."""

    def rules() -> list[dict[str, str]]:
        groups = watched.prometheus.get("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    eventually(lambda: all(rule["health"] != "unknown" for rule in rules()), "all are evaluated")
    found = rules()
    assert {rule["health"] for rule in found} == {"ok"}
    assert [rule["name"] for rule in found if rule["state"] == "firing"] == []


def test_names_and_units_are_as_prometheus_wants_them(watched: Watched) -> None:
    """As its own tool judges what a scrape brings."""
    with urlopen(f"http://127.0.0.1:{watched.metrics_port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    done = promtool("check", "metrics", given=text)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_publics_ports_do_not_tell(watched: Watched) -> None:
    """Neither the gate nor the console has them."""
    for port in (watched.gate, watched.console):
        answer = port.ask("GET", "/metrics")
        assert answer.status == 404
        assert b"waitingroom_" not in answer.body
