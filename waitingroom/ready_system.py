"""Rows of readiness that are of the whole system. Pure."""

from waitingroom.readiness import Facts, Judged, State

MOST_SKEW_MS = 2_000
JOINS_A_SECOND, READS_A_SECOND = 10_000, 20_000
"""Of one worker: less than docs/benchmarks.md has measured, as a test compares."""
COMING_S = 60
"""Within so long everybody who is expected comes."""
POLL_S = 30
SPARE = 4
"""A worker is counted on for a quarter of what it did on the bench: the store, the shop and the
crowd's slow lines want their share."""


def secrets(facts: Facts) -> Judged:
    """Every secret set, and none shared."""
    known = facts.secrets
    if known.twice:
        return (
            State.NOT_READY,
            f"{'; '.join(known.twice)}.",
            "Make a new one with `waitingroom secret`, and set it in place of the shared one; a "
            "room whose seed is shared gets its own by `waitingroom room reset`.",
        )
    if known.made_here:
        return (
            State.NOT_READY,
            "The secrets are those that a development run made for itself.",
            "Set WAITINGROOM_SECRET_KEYS and WAITINGROOM_SHOP_KEY (`waitingroom secret` prints "
            "one each), and WAITINGROOM_ENV=production.",
        )
    keys = "1 key is" if known.keys == 1 else f"{known.keys} keys are"
    return State.READY, f"{keys} set; every room has its own derived from it, and its own seed."


def store(facts: Facts) -> Judged:
    """Places are on disk, and none is evicted."""
    if facts.unfit:
        return State.NOT_READY, _sentence(facts.unfit), "Change that setting of the store."
    if facts.not_durable:
        mend = "Set `appendonly yes` and `appendfsync always` in the store."
        return State.NOT_READY, _sentence(facts.not_durable), mend
    if facts.appendfsync is None:
        return (
            State.NOTE,
            "The store evicts nothing and keeps an append-only file; it does not tell how often "
            "that is on disk.",
            "Ask whoever runs it: appendfsync should be “always”.",
        )
    return State.READY, "It evicts nothing, and every place is on disk before it is given out."


def clocks(facts: Facts) -> Judged:
    """Of all hosts by the store's."""
    beats = facts.alive
    if not beats:
        return _nobody_tells()
    off = {name: max(abs(beat.skew_ms), beat.gate_skew_ms or 0) for name, beat in beats.items()}
    worst, worst_ms = max(off.items(), key=lambda one: one[1])
    says = f"The clock of {worst} is {worst_ms / 1000:.1f} s from the store’s"
    if worst_ms > MOST_SKEW_MS:
        return (
            State.NOT_READY,
            f"{says}.",
            "Let both hosts keep time (chrony or systemd-timesyncd; `timedatectl` shows it).",
        )
    return State.READY, f"{says}{', the furthest' if len(off) > 1 else ''}."


def workers(facts: Facts) -> Judged:
    """Enough for the crowd that is expected."""
    beats = facts.alive
    if not beats:
        return _nobody_tells()
    missing = [
        name for name, beat in beats.items() if (beat.workers or 0) < beat.workers_configured
    ]
    if missing:
        return (
            State.NOT_READY,
            f"Workers are missing on {', '.join(missing)}.",
            "See log/gate.log there.",
        )
    there = sum(beat.workers or 0 for beat in beats.values())
    up = f"{there} {'worker is' if there == 1 else 'workers are'} up"
    if not facts.expected:
        return State.NOTE, f"{up}.", "Say how many people you expect, to know if they suffice."
    wanted = workers_for(facts.expected)
    reckoned = (
        f"{facts.expected:,} people within a minute want {wanted}, at {JOINS_A_SECOND:,} joins and "
        f"{READS_A_SECOND:,} status reads a second of one, of which a quarter is counted on "
        "(docs/benchmarks.md)"
    )
    if there < wanted:
        mend = (
            "Set WAITINGROOM_GATE_WORKERS, one per core at most, or add another host with a gate."
        )
        return State.NOT_READY, f"{up}; {reckoned}.", mend
    return State.READY, f"{up}; {reckoned}."


def workers_for(people: int) -> int:
    """How many workers the gate wants for a crowd that comes within a minute."""
    busy = people / COMING_S / JOINS_A_SECOND + people / POLL_S / READS_A_SECOND
    return max(1, -int(-busy * SPARE // 1))


def alarms(facts: Facts) -> Judged:
    """Whether anybody hears of alarms."""
    beats = facts.alive
    if not beats:
        return _nobody_tells()
    deaf = [name for name, beat in beats.items() if not beat.mails and not beat.webhook]
    if deaf:
        return (
            State.NOTE,
            f"{', '.join(deaf)} tells nobody of alarms.",
            "Set WAITINGROOM_ALARM_MAIL_TO or WAITINGROOM_ALARM_WEBHOOK_URL, unless your "
            "Prometheus tells you.",
        )
    mails = max(beat.mails for beat in beats.values())
    ways = [f"{mails} {'address' if mails == 1 else 'addresses'} by mail"] if mails else []
    ways += ["a receiver of webhooks"] if any(beat.webhook for beat in beats.values()) else []
    return State.READY, f"Told: {', '.join(ways)}."


def _nobody_tells() -> Judged:
    return (
        State.NOT_READY,
        "No keeper has told of its system in the last seconds.",
        "`waitingroom up` starts one beside each gate; log/keeper.log says why it does not run.",
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
