"""The alerts in ``deploy/prometheus``: read by Debian's promtool, and each tried both ways."""

import re

from prometheus import DEPLOY, promtool

PLACE = DEPLOY / "prometheus"
RULES, TESTS = ((PLACE / name).read_text("utf-8") for name in ("alerts.yml", "alerts_test.yml"))
ALERTS = re.findall(r"- alert: (\w+)", RULES)


def test_each_alert_fires_when_it_should_and_not_else() -> None:
    """Also: in no case does another alert fire beside it."""
    done = promtool("test", "rules", "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_nothing_else_is_tried() -> None:
    """A new alert needs one."""
    assert sorted(set(re.findall(r'alertname="(\w+)"', TESTS))) == sorted(ALERTS)


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    """In words of whoever is woken by it."""
    rules = RULES.split("- alert: ")[1:]
    for rule in rules:
        for wanted in ("severity: ", "for: ", "summary: ", "description: "):
            assert wanted in rule, rule.split("\n", 1)[0]


def test_alerts_ask_for_nothing_that_is_not_told() -> None:
    """A name with a slip would never fire, and its cases would invent it."""
    table = (DEPLOY.parent / "docs" / "operations.md").read_text("utf-8")
    told = set(re.findall(r"^\| `(waitingroom_\w+)` \|", table, re.MULTILINE))
    asked = set(re.findall(r"waitingroom_\w+", RULES))
    assert {name.removesuffix("_bucket") for name in asked} <= told


def test_the_sample_configuration_is_one() -> None:
    """With the rules that it names."""
    done = promtool("check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
