"""The budget of joins that each network has: appointments in place of a wall."""

import heapq
import random

import pytest
from real import T0, ttl_since

from waitingroom.appointments import LAST_APPOINTMENT_MS, MOST_APPOINTMENTS
from waitingroom.clock import monotonic_ms
from waitingroom.store.keys import NETWORK_TTL_MS, network_key

MINUTE = 60_000


def kept(room, network="a"):
    """What the store keeps of a network, None for nothing."""
    return room.redis.get(network_key(room.name, network))


def test_a_network_over_its_budget_gets_no_place_and_disturbs_nobody(make_room):
    """``join_limit`` counts each network for itself; joiners without one are not counted."""
    room = make_room(join_limit=2)
    answer = room.join(T0, ["a", "b", "a", "a", None, "b"])
    assert answer.arrivals == (1, 2, 3, None, 4, 5)
    assert room.join(T0, ["a", "c"]).arrivals == (None, 6)


def test_who_is_over_the_budget_is_told_when_there_is_a_place_again(make_room):
    """To the millisecond: a little earlier there is none, then there is one, and only one."""
    room = make_room(join_limit=7)
    assert room.join(T0, ["a"] * 8).waits_ms == (0,) * 7 + (8_572,)
    early = room.join(T0 + 8_571, ["a"])
    assert early.arrivals == (None,)
    assert room.join(T0 + 8_572, ["a", "a"], appointments=[T0 + 8_572] * 2).arrivals == (8, None)


def test_what_others_have_an_appointment_for_is_theirs(make_room):
    """Who comes anew gets the place behind them; who is late still gets theirs, for a minute."""
    room = make_room(join_limit=60)
    told = room.join(T0, ["a"] * 62).waits_ms[60:]
    assert told == (1_000, 2_000)
    assert room.join(T0 + 2_000, ["a"]).waits_ms == (1_000,)
    late = room.join(T0 + 40_000, ["a", "a"], appointments=[T0 + 1_000, T0 + 2_000])
    assert late.arrivals == (61, 62)


def test_an_appointment_is_good_once(make_room):
    """Shown again it is no more than the word that they were there before."""
    room = make_room(join_limit=60)
    told = room.join(T0, ["a"] * 62).waits_ms[60:]
    at_ms = T0 + told[1]
    assert room.join(at_ms, ["a"] * 2, appointments=[at_ms] * 2).arrivals == (61, None)
    assert room.join(at_ms, ["a"], appointments=[T0 + told[0]]).arrivals == (62,)


def test_appointments_that_nobody_keeps_go_to_others_after_ten_seconds(make_room):
    """Their joins are held back no longer, and who is later still finds one while there is any."""
    room = make_room(join_limit=60)
    room.join(T0, ["a"] * 62)
    assert room.join(T0 + 5_000, ["a"] * 4).arrivals == (61, 62, 63, None)
    assert room.join(T0 + 12_000, ["a"] * 9).arrivals[-2:] == (71, None)
    late = room.join(T0 + 15_000, ["a"], appointments=[T0 + 2_000])
    assert late.arrivals == (72,)


def test_who_was_told_to_ask_again_comes_before_who_never_asked(make_room):
    """While others have appointments: nothing at once for newcomers, and the last quarter of the
    appointments is not theirs."""
    room = make_room(join_limit=60)
    told = room.join(T0, ["a"] * 310).waits_ms[60:]
    assert told[179] == 180_000
    assert all(30_000 <= wait_ms < 45_000 for wait_ms in told[180:])
    assert len(set(told[180:])) > 60
    again = T0 + 45_000
    answer = room.join(again, ["a"] * 3, appointments=[0, T0 + told[180], 0])
    assert answer.arrivals == (None, 61, None)
    assert answer.waits_ms[0] == 136_000
    room.join(again, ["a"] * 200)
    # 44 joins are there, ten of them held back for appointments that are due.
    answer = room.join(again, ["a"] * 36, appointments=[T0 + 44_900] * 35 + [0])
    assert answer.arrivals[33:] == (95, None, None)
    assert answer.waits_ms[34] > 180_000 / 4
    assert answer.waits_ms[35] < 45_000


def test_a_time_that_is_over_or_to_come_is_no_word_of_having_been_there(make_room):
    """Shown too early or too late it is as if nothing was shown."""
    room = make_room(join_limit=60)
    room.join(T0, ["a"] * 310)
    now_ms = T0 + 40_000
    for shown_ms in (now_ms + 1, now_ms - MINUTE, 0, 1, 10**15):
        assert room.join(now_ms, ["a"], appointments=[shown_ms]).arrivals == (None,)


def test_what_is_kept_of_a_network_has_a_bound(make_room):
    """However high the limit is, and however often a program asks."""
    room = make_room(join_limit=6_000)
    for tenth in range(200):
        shown = [T0 + tenth * 100 - 1_000] * 50 + [0] * 50
        room.join(T0 + tenth * 100, ["a"] * 100, appointments=shown)
    for _ in range(20):
        room.join(T0 + 20_000, ["a"] * 400, appointments=[T0 + 19_000] * 400)
    assert len(kept(room).split()) == 2 + MOST_APPOINTMENTS


def test_no_two_of_a_network_are_told_the_same_time(make_room):
    """Appointments are as far apart as the rate has it; another network has its own."""
    room = make_room(join_limit=60)
    room.join(T0, ["a"] * 60 + ["b"] * 60)
    answer = room.join(T0 + 400, ["a", "a", "b", "a"])
    assert answer.waits_ms == (600, 1_600, 600, 2_600)


def test_a_silent_network_saves_up_no_more_than_a_minutes_worth(make_room):
    """An hour later sixty may come at once, as at first."""
    room = make_room(join_limit=60)
    room.join(T0, ["a"] * 60)
    arrivals = room.join(T0 + 60 * MINUTE, ["a"] * 61).arrivals
    assert (arrivals[59], arrivals[60]) == (120, None)


def test_a_budget_that_is_turned_during_the_sale_counts_from_then_on(make_room):
    """Raised, it fills faster; lowered, what was used has to run out first; 0 counts nobody."""
    room = make_room(join_limit=60)
    room.join(T0, ["a"] * 60)
    room.set(T0, {"join_limit": 120})
    assert room.join(T0, ["a"] * 61).waits_ms[59:] == (0, 500)
    room.set(T0, {"join_limit": 60})
    assert room.join(T0, ["a"]).waits_ms == (61_000,)
    room.set(T0, {"join_limit": 0})
    assert room.join(T0, ["a"]).waits_ms == (0,)


@pytest.mark.parametrize("back_ms", [1_000, 3_600_000])
def test_a_clock_that_steps_back_shuts_nobody_out_for_longer_than_the_bound(make_room, back_ms):
    """And gives nobody more than the budget."""
    room = make_room(join_limit=60)
    room.join(T0, ["a"] * 100)
    answer = room.join(T0 - back_ms, ["a"])
    assert answer.arrivals == (None,)
    assert 0 < answer.waits_ms[0] <= LAST_APPOINTMENT_MS


def test_a_network_is_forgotten_when_it_owes_nothing(make_room):
    """The key lives until the budget is whole and the last appointment over, and never longer."""
    room = make_room(join_limit=2)
    key = network_key(room.name, "a")
    for joiners, lives_ms in ((1, 30_000), (2, 90_000)):
        began_ms = monotonic_ms()
        room.join(T0, ["a"] * joiners)
        left_ms = room.redis.pttl(key)
        assert left_ms <= lives_ms <= ttl_since(began_ms, left_ms) + 2
    room.join(T0, ["a"] * 100)
    assert 0 < room.redis.pttl(key) <= NETWORK_TTL_MS


def test_without_a_budget_no_network_costs_a_key(make_room):
    """M6: ``join_limit`` 0 counts nothing."""
    room = make_room()
    room.join(T0, ["a"])
    assert kept(room) is None


def test_a_batch_that_is_wholly_over_budget_changes_nothing_in_the_room(make_room):
    """Refusing people writes no state; and where no appointments are left, nothing at all."""
    room = make_room(join_limit=1)
    room.join(T0, ["a"])
    room.status(T0)
    before = room.written()
    told = room.join(T0, ["a"] * 5).waits_ms
    assert told[:3] == (60_000, 120_000, 180_000)
    assert all(30_000 <= wait_ms < 45_000 for wait_ms in told[3:])
    assert room.written() == before
    noted = kept(room)
    room.join(T0 + 1, ["a"] * 50)
    assert kept(room) == noted


def test_an_express_entry_counts_but_makes_no_appointment(make_room):
    """Who is sent to the page instead asks for a place there, and is told then."""
    room = make_room(join_limit=1)
    room.status(T0)
    assert room.express(T0, "a").entry is not None
    noted = kept(room)
    assert room.express(T0, "a").entry is None
    assert kept(room) == noted
    assert room.join(T0, ["a"]).waits_ms == (60_000,)


class Crowd:
    """People behind one address who ask when they are told to. ``asked``: how often, in all."""

    def __init__(self, room):
        self.room, self.asked = room, 0
        self.agenda: list[tuple[int, int]] = []
        self.appointments: dict[int, int] = {}
        self.joined: dict[int, int] = {}
        """When each got in, by person, in that order."""

    def comes(self, at_ms, person):
        heapq.heappush(self.agenda, (at_ms, person))

    def ask_until(self, end_ms, patience=lambda wait_ms, _: wait_ms):
        """``patience``: how long a person really waits, of what they were told."""
        while self.agenda and self.agenda[0][0] <= end_ms:
            now_ms, person = heapq.heappop(self.agenda)
            shown = self.appointments.get(person, 0)
            answer = self.room.join(now_ms, ["nat"], appointments=[shown])
            self.asked += 1
            if answer.arrivals[0]:
                self.joined[person] = now_ms
            else:
                self.appointments[person] = now_ms + answer.waits_ms[0]
                self.comes(now_ms + patience(answer.waits_ms[0], person), person)


def test_two_hundred_people_behind_one_address_all_get_in_at_the_rate_and_in_order(make_room):
    """At 60 a minute: the first 60 at once, the last after 140 s, each asking twice at most."""
    room, dice = make_room(join_limit=60), random.Random(1)
    crowd = Crowd(room)
    came = sorted(T0 + dice.randrange(10_000) for _ in range(200))
    for person, at_ms in enumerate(came):
        crowd.comes(at_ms, person)
    # An answer takes its time, and a page's timer is late.
    crowd.ask_until(T0 + 10 * MINUTE, lambda wait_ms, _: wait_ms + dice.randrange(50, 400))
    assert len(crowd.joined) == 200
    assert max(crowd.joined.values()) - T0 < 155_000
    assert crowd.asked <= 410
    order = list(crowd.joined)
    assert max(abs(place - person) for place, person in enumerate(order)) <= 3


def test_people_who_come_while_others_have_appointments_keep_nobody_out(make_room):
    """A campus: 200 at the opening, then one more every three seconds for five minutes."""
    room, dice = make_room(join_limit=60), random.Random(2)
    crowd = Crowd(room)
    came = {person: T0 + dice.randrange(5_000) for person in range(200)}
    came |= {200 + k: T0 + 5_000 + 3_000 * k for k in range(100)}
    for person, at_ms in came.items():
        crowd.comes(at_ms, person)
    crowd.ask_until(T0 + 20 * MINUTE, lambda wait_ms, _: wait_ms + dice.randrange(50, 400))
    waited = sorted(at_ms - came[person] for person, at_ms in crowd.joined.items())
    assert len(waited) == 300
    assert waited[-1] < 5 * MINUTE
    assert crowd.asked <= 2.5 * 300


def test_a_program_that_asks_a_hundred_times_a_second_gets_no_more_than_the_limit(make_room):
    """From an address of its own, for five minutes: a minute's worth at once, then the rate."""
    room = make_room(join_limit=60)
    got = 0
    for second in range(300):
        got += sum(
            bool(
                room.join(T0 + second * 1_000 + tenth * 100, ["bot"] * 10).arrivals.count(None) - 10
            )
            for tenth in range(10)
        )
        answer = room.join(T0 + second * 1_000 + 999, ["somebody else"])
        assert answer.waits_ms == (0,) or second >= 60
    assert room.status(T0 + 300_000).tail <= 60 + 300 + 360


class Program:
    """It asks a hundred times a second from the same address, ten at a time."""

    def __init__(self, room, *, keeps):
        self.room, self.keeps, self.got = room, keeps, 0
        self.told: list[int] = []

    def ask(self, now_ms):
        """``keeps``: it shows each time that it is told, once, as a hundred people would."""
        due = sorted(at_ms for at_ms in self.told if at_ms <= now_ms)[:10] if self.keeps else []
        self.told = [at_ms for at_ms in self.told if at_ms not in due][-5_000:]
        shown = due + [0] * (10 - len(due))
        answer = self.room.join(now_ms, ["nat"] * 10, appointments=shown)
        self.got += sum(arrival is not None for arrival in answer.arrivals)
        self.told += [now_ms + wait_ms for wait_ms in answer.waits_ms if wait_ms]


def meet(crowd, program, begins_ms, ends_ms, dice):
    """Both ask, until all of the crowd are in or the time is over."""
    for now_ms in range(begins_ms, ends_ms, 100):
        crowd.ask_until(now_ms, lambda wait_ms, _: wait_ms + dice.randrange(50, 1_000))
        program.ask(now_ms)
        if not crowd.agenda:
            return


@pytest.mark.parametrize("keeps", [False, True], ids=["forgets", "keeps"])
def test_a_program_behind_the_same_address_takes_nothing_from_who_asked_before_it(make_room, keeps):
    """Fifty have an appointment when it begins: each is in at its time, whatever it shows."""
    room, dice = make_room(join_limit=60), random.Random(3)
    room.join(T0, ["nat"] * 60)
    crowd, program = Crowd(room), Program(room, keeps=keeps)
    for person in range(50):
        crowd.comes(T0 + dice.randrange(10_000), person)
    crowd.ask_until(T0 + 10_000)
    meet(crowd, program, T0 + 10_000, T0 + 2 * MINUTE, dice)
    assert len(crowd.joined) == 50
    assert max(crowd.joined.values()) - T0 < 55_000
    assert crowd.asked == 100


def test_a_program_that_keeps_nothing_keeps_out_nobody_behind_the_same_address(make_room):
    """It was there for five minutes when fifty people come; all are in within two."""
    room, dice = make_room(join_limit=60), random.Random(4)
    crowd, program = Crowd(room), Program(room, keeps=False)
    for now_ms in range(T0, T0 + 5 * MINUTE, 1_000):
        program.ask(now_ms)
    came = {person: T0 + 5 * MINUTE + dice.randrange(10_000) for person in range(50)}
    for person, at_ms in came.items():
        crowd.comes(at_ms, person)
    meet(crowd, program, T0 + 5 * MINUTE, T0 + 10 * MINUTE, dice)
    assert len(crowd.joined) == 50
    assert max(at_ms - came[person] for person, at_ms in crowd.joined.items()) < 2 * MINUTE
    assert crowd.asked <= 3 * 50
