"""Every key of a room, and the order of the numbers in its state.

All keys of a room share the hash tag ``{room}``, so that they live on one node of a cluster, and
every key that a function touches is passed to it. The room's own keys have no time to live (they
end with ``reset`` or with the room); the two kinds that count something short-lived do.
"""

from typing import NamedTuple

from waitingroom.appointments import APPOINTMENT_KEPT_MS, LAST_APPOINTMENT_MS
from waitingroom.model import WhileNoSale

ROOMS = "wr:rooms"
"""Set of room ids, written by ``create``."""
SYSTEM = "@system"
"""Where a room is asked for: what belongs to none. No room can be called so."""
OPERATORS = f"wr:{{{SYSTEM}}}:operators"
"""Hash of operators: name → JSON {role, password (scrypt hash), made_at_ms, generation}; by the
command line and the console."""
OPERATOR_KEYS = f"wr:{{{SYSTEM}}}:keys"
"""Hash of operators' keys for the API: name → JSON {role, digest (SHA-256), made_at_ms}; by the
command line, the API and the console."""
OPERATOR_KEYS_USED = f"wr:{{{SYSTEM}}}:keys_used"
"""Hash of operators' keys: name → when it was last used, in ms, to the minute; by the API, once a
minute at most of each process of the console."""
ALARM_STANDINGS = f"wr:{{{SYSTEM}}}:alarms"
"""Hash of alarms that hold or lately did: "NAME SUBJECT" → JSON array, an
AlarmStanding; by keepers."""
KEEPERS = f"wr:{{{SYSTEM}}}:keepers"
"""Hash of systems: HOST:PORT → JSON of a Beat; by each one's keeper, forgotten after a day."""

SHOP_KEYS = f"wr:{{{SYSTEM}}}:shop_keys"
"""Hash of shops' keys: name → JSON {rooms, digest (SHA-256), made_at_ms, made_by}; by the command
line and the console."""
SHOP_KEYS_USED = f"wr:{{{SYSTEM}}}:shop_keys_used"
"""Hash of shops' keys: name → when it was last used, in ms, to the minute; by the room API, once a
minute at most of each process of the console."""

MOST_SHOP_KEYS = 200

REHEARSALS = f"wr:{{{SYSTEM}}}:rehearsals"
"""Hash of rehearsals: room → JSON {of, people, until_ms}; by the console, the command line and the
keeper."""

LOGIN_TTL_S = 900


def login_key(who: str) -> str:
    """string, a count: failed log-ins as an operator (``name:…``), by a name that is nobody's, as
    its keyed hash (``nobody:…``), or from a network; failed keys from one (``keys-of:…``), and
    secrets that an operator made (``makes:…``); by the console, for ``LOGIN_TTL_S`` from the first.
    """
    return f"wr:login:{who}"


def ended_key(session: str) -> str:
    """string, empty: this session of an operator was ended; by the console, for as long as it would
    have lasted.
    """
    return f"wr:ended:{session}"


NETWORK_TTL_MS = LAST_APPOINTMENT_MS + APPOINTMENT_KEPT_MS
HANDOVER_TTL_MS = 60_000
"""No handover lives longer, so that a replay is known as long as it could be one."""


class RoomKeys(NamedTuple):
    """The keys of one room, in the order in which the function library takes them."""

    state: str
    """string: the packed numbers of ``FIELDS``; written by every verb that changes something"""
    texts: str
    """hash: title, message, origins, brand (JSON), logo (bytes, 64 KiB at most), commitment, seed;
    why it is paused (pause_reason in words, pause_code by its code), and why it ends (end_reason,
    end_code; an older library that pauses anew leaves an older pause_code standing); ramps ("field
    begins_ms ends_ms first last", with commas between), undo (JSON: what the last change replaced);
    by operators' verbs, undo also by whoever follows a step"""
    spent: str
    """bitmap by arrival: has entered; by enter"""
    left: str
    """bitmap by arrival: has left the line; by leave"""
    skip: str
    """bitmap by number: left while waiting, not to be called; by leave"""
    released: str
    """bitmap by arrival: its lease was given back, no pass of it counts any more; by release"""
    leases: str
    """sorted set arrival → expiry in ms; by enter, renew, release, and whoever sees one expire"""
    entered: str
    """hash arrival → time of entry, as long as the lease lasts"""
    called: str
    """sorted set slot (meter ms) → first number called in it, kept for ``claim_grace``"""
    due: str
    """hash slot → how many of its calls are unanswered, kept for ``call_timeout``"""
    door: str
    """sorted set arrival → number, of those who stand at the door"""
    appointments: str
    """sorted set arrival → meter ms at which who stands at the door counts as gone"""
    news: str
    """list of JSON {at_ms, code, text, and reason (a code) where there is one}, the last 20"""
    plan: str
    """list of "at_ms field value", the knob plan's steps to come; by plan, undo"""
    log: str
    """stream: the room's record, the last ``LOG_KEPT`` entries or so; by operators' verbs, and by
    whoever sees a phase begin. Their form is in docs/operations.md"""
    extended: str
    """sorted set epoch-arrival → meter ms until which more time was given, kept until then; by
    extend"""
    head: str
    """string "seq hash": the newest entry of the record that has a hash; by whoever writes one"""
    chances: str
    """hash epoch-arrival → ms at which its place got a second chance; by second_chance"""
    joined: str
    """string of marks of 8 bytes (uint32 arrival, uint32 second): who joined from when on; by join
    and express. These and the two below are as far apart as `room/1d-moments.lua` says"""
    served: str
    """string of the same: which numbers were called from when on; by whoever calls"""
    gone: str
    """string of the same: which numbers lapsed when; by whoever sees it"""
    ended: str
    """sorted set epoch-arrival → second × 2^21 + seconds of the visit, of the last ``ENDS_KEPT``
    who left or whose visit ended; by leave, release, and whoever sees a lease expire"""

    @classmethod
    def of(cls, room: str) -> "RoomKeys":
        """The keys of ``room``."""
        return cls(*(f"wr:{{{room}}}:{name}" for name in cls._fields))


def network_key(room: str, network: str) -> str:
    """string "used at_ms at_ms …": what a network has used of its budget by when, and its
    appointments that may still be kept (256 at most); by join and express, until all that is over,
    for ``NETWORK_TTL_MS`` at most.
    """
    return f"wr:{{{room}}}:budget:{network}"


def handover_key(room: str, nonce: str) -> str:
    """string: this handover was redeemed; by redeem, for ``HANDOVER_TTL_MS``."""
    return f"wr:{{{room}}}:handover:{nonce}"


def staff_key(room: str) -> str:
    """hash lease → JSON {name, by, epoch, made_at_ms, until_ms, revoked_at_ms, revoked_by}: the
    staff passes that were made, ``MOST_STAFF_PASSES`` at most, never the passes themselves; by
    staff_pass and revoke_pass.
    """
    return f"wr:{{{room}}}:staff"


MOST_STAFF_PASSES = 100
"""Of a room, at a time."""


HISTORY_EVERY_MS = (5_000, 60_000)
"""How far apart the samples of each of a room's two histories are."""


def history_key(room: str, every_ms: int) -> str:
    """stream of {v: JSON array, the numbers of a Sample}, one every ``every_ms``, the last few
    hundred or thousand; by the keeper.
    """
    return f"wr:{{{room}}}:history:{every_ms}"


def crowd_key(room: str) -> str:
    """string, empty: a keeper sends this rehearsal's people; by that keeper, as long as it may
    last.
    """
    return f"wr:{{{room}}}:crowd"


def shop_key(room: str) -> str:
    """hash: answers, failures, told_ms, as the room's shops have told (:class:`ShopHealth`); by the
    room API.
    """
    return f"wr:{{{room}}}:shop"


def load_test_key(room: str) -> str:
    """string, JSON of a LoadTest: the last that was recorded for the room; by the command line."""
    return f"wr:{{{room}}}:load-test"


WAITS_TTL_S = 7 * 86_400


def waits_key(room: str, epoch: int) -> str:
    """hash: how many in this running waited how long (``waitingroom.waits``), 28 counts; by the
    gate's workers, for ``WAITS_TTL_S`` from the last.
    """
    return f"wr:{{{room}}}:waits:{epoch}"


def waits_noted_key(room: str) -> str:
    """stream of {v: JSON [epoch, counts]}, one a minute of the last hour; by the keeper."""
    return f"wr:{{{room}}}:waits"


FENCE_TTL_MS = 60_000


def fence_key(room: str) -> str:
    """string, empty: written so that WAIT has something to wait for; by the gate, only where there
    are replicas, for ``FENCE_TTL_MS``.
    """
    return f"wr:{{{room}}}:fence"


def all_keys(room: str, epoch: int) -> tuple[str, ...]:
    """Every key of a room that has come to ``epoch`` (0: that was never made), but those of its
    networks and handovers: nobody keeps a list of them, and each soon ends by itself.
    """
    return (
        *RoomKeys.of(room),
        *(staff_key(room), shop_key(room), load_test_key(room), crowd_key(room), fence_key(room)),
        *(history_key(room, every_ms) for every_ms in HISTORY_EVERY_MS),
        *(waits_key(room, running) for running in range(1, epoch + 1)),
        waits_noted_key(room),
    )


SYSTEM_KEYS = (OPERATORS, RoomKeys.of(SYSTEM).log, RoomKeys.of(SYSTEM).head)
"""Of what belongs to no room: accounts, and a record of what was done to them and with them."""
TEXTS_TOLD = (
    *("title", "message", "origins", "commitment", "brand"),
    *("pause_reason", "pause_code", "end_reason", "end_code"),
)
"""Of a room's texts, those that ``status`` tells."""
LOG_KEPT = 10_000
"""Entries of a record, at least; the oldest go, a hundred or fewer at a time."""
ENDS_KEPT = 2_000
"""Of a room's places that were given up or used: so many are remembered with times."""
MOST_STRAYS = 100
"""Of the entries that an older library wrote in between, the next one binds so many."""

SCHEMA = 1
"""Raised when the meaning of the state changes; a library refuses a state from above its own."""

FIELDS = (
    *("schema", "epoch", "staff_epoch", "version", "told", "test_clock"),
    *("rate_per_min", "burst", "capacity", "call_timeout_ms", "claim_grace_ms", "session_ms"),
    *("session_max_ms", "fifo", "join_limit", "joins"),
    *("early_at_ms", "opens_at_ms", "draw_at_ms", "closes_at_ms"),
    *("opened_at_ms", "closed_at_ms", "paused", "draining", "drawn", "drawn_at_ms"),
    *("tail", "serving", "lapsed", "timed_out", "open_slot", "old_slot", "new_slot", "read_by_ms"),
    *("wall_ms", "meter_ms", "credit", "door"),
    *("open_calls", "at_door", "next_gone_ms", "leases", "next_expiry_ms", "skips", "steps"),
    *("came", "missed"),
    *("called", "entered", "late", "no_show", "left", "refused", "released", "expired"),
    *("lent", "lent_slot"),  # as timed_out and open_slot, for calls whose credit was lent
    "next_extended_ms",  # when (on the meter) the first extension is over, 0 for none
    "early_known",  # 1: the record has it that people may join, or need not
    "second_chances",
    *("joined_due_ms", "served_due_ms", "gone_due_ms"),  # from when on a moment is marked again
    *("poll_min_ms", "poll_max_ms", "poll_divisor", "outside"),
    *("stock", "stock_ms"),  # what is left and 1, as the shop said at that moment; 0: it does not
    "gate_ms",  # when a gate last looked, or had a shopper's request; 0: none has yet
)
"""The state's numbers in their order on disk (little-endian doubles). Only ever append."""

NO_SALE = (WhileNoSale.SHOP, WhileNoSale.OPEN, WhileNoSale.BLOCKED)
"""What each number of ``outside`` means."""

FORMAT = "<" + "d" * len(FIELDS)
"""The layout, in the words of Lua's ``struct`` (Python's spells it alike)."""
