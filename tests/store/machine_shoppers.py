"""What shoppers, shops and clocks do to the state machine's room."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from machine import Machine

from waitingroom.outcomes import EntryCode, lease_id

PICK = st.integers(0, 10**6)
NETWORK = st.sampled_from([None, "10.0.0.0", "10.0.1.0"])


def one_of(arrivals, pick: int) -> int:
    """An element that the same ``pick`` finds again."""
    arrivals = sorted(arrivals)
    return arrivals[pick % len(arrivals)]


class Shoppers(Machine):
    """Joining, knocking, leaving; and a shop that renews and releases."""

    @rule(
        networks=st.lists(NETWORK, min_size=1, max_size=12),
        behind=st.integers(-3, 1),
        shown_ms=st.sampled_from([0, 0, 1, 20_000, -1, 90_000, None, None]),
    )
    def join(self, networks, behind, shown_ms):
        """``shown_ms``: the age of the time that the first of them was told, 0 for none; None for
        the first appointment that their network has."""
        seen = (max(0, self.line.tail + behind), self.room.epoch)
        first_ms = self.now_ms - shown_ms if shown_ms else 0
        if shown_ms is None and networks[0] in self.room.budgets:
            first_ms = min(self.room.budgets[networks[0]].promised, default=0)
        shown = [first_ms] + [0] * (len(networks) - 1)
        answer = self.both("join", networks, seen, shown)
        for arrival in filter(None, answer.arrivals):
            assert (answer.epoch, arrival) not in self.given, "M2: numbers are unique"
            self.given.add((answer.epoch, arrival))

    def knock(self, arrival: int) -> None:
        entry = self.both("enter", self.room.epoch, arrival, self.number_of(arrival))
        self.appointments[arrival] = self.now_ms + entry.retry_after_ms
        if entry.code is EntryCode.ENTERED:
            self.note_entry(arrival, entry)

    @precondition(lambda self: self.called())
    @rule(pick=PICK)
    def enter_one_of_the_called(self, pick):
        self.knock(one_of(self.called(), pick))

    @precondition(lambda self: self.called())
    @rule()
    def enter_all_of_the_called(self):
        for arrival in self.called():
            self.knock(arrival)

    @precondition(lambda self: self.line.spent)
    @rule(pick=PICK)
    def enter_again(self, pick):
        self.knock(one_of(self.line.spent, pick))

    @precondition(lambda self: self.line.at_door)
    @rule(pick=PICK)
    def enter_from_the_door(self, pick):
        self.knock(one_of(self.line.at_door, pick))

    @rule(pick=PICK)
    def enter_any(self, pick):
        """Also with a number that was never given out: a promoted replica is told of it."""
        self.knock(pick % (self.line.tail + 3) + 1)

    @rule(pick=PICK, verb=st.sampled_from(["enter", "extend", "leave"]))
    def come_with_an_old_ticket(self, pick, verb):
        self.both(verb, self.room.epoch - 1, pick % 9 + 1, pick % 9 + 1)

    def ask_for_time(self, arrival: int) -> None:
        self.both("extend", self.room.epoch, arrival, self.number_of(arrival))

    @rule(pick=PICK)
    def ask_for_time_at_any_place(self, pick):
        self.ask_for_time(pick % (self.line.tail + 3) + 1)

    @precondition(lambda self: self.called())
    @rule(pick=PICK, seconds=st.sampled_from([0, 0, 5, 12, 30]), comes=st.booleans())
    def ask_for_time_when_called(self, pick, seconds, comes):
        """Perhaps after the place has lapsed; and come, or go on in silence, while it runs."""
        arrival = one_of(self.called()[-9:], pick)
        self.ask_for_time(arrival)
        self.gates_refresh_the_status(seconds)
        self.ask_for_time(arrival)
        if comes:
            self.knock(arrival)

    def lapsed(self) -> list[int]:
        """Of those who were called and did not come, whose time is over."""
        return [a for a in self.called() if (self.number_of(a) or 0) <= self.line.lapsed]

    @rule(pick=PICK, back=st.sampled_from([0, 0, 0, 1]))
    def support_tries_to_call_any_place_again(self, pick, back):
        arrival = pick % (self.line.tail + 3) + 1
        self.both("second_chance", self.room.epoch - back, arrival, self.number_of(arrival))

    @precondition(lambda self: self.lapsed())
    @rule(pick=PICK, seconds=st.sampled_from([0, 0, 5, 95]), comes=st.booleans())
    def support_calls_a_lapsed_place_again(self, pick, seconds, comes):
        """Twice; and its holder comes, perhaps too late, or does not."""
        arrival = one_of(self.lapsed(), pick)
        for _ in range(2):
            self.both("second_chance", self.room.epoch, arrival, self.number_of(arrival))
        self.gates_refresh_the_status(seconds)
        if comes:
            self.knock(arrival)

    @rule(pick=PICK)
    def leave_any(self, pick):
        self.go(pick % (self.line.tail + 1) + 1)

    def go(self, arrival: int) -> None:
        self.both("leave", self.room.epoch, arrival, self.number_of(arrival))

    @precondition(lambda self: self.line.tail > self.line.serving)
    @rule(pick=PICK, length=st.integers(1, 9))
    def leave_in_a_run(self, pick, length):
        first = pick % (self.line.tail - self.line.serving) + self.line.serving + 1
        for arrival in range(1, self.line.tail + 1):
            if first <= (self.number_of(arrival) or 0) < first + length:
                self.go(arrival)

    @precondition(lambda self: self.called())
    @rule(pick=PICK)
    def leave_when_called(self, pick):
        self.go(one_of(self.called(), pick))

    @precondition(lambda self: self.called())
    @rule(pick=PICK, seconds=st.sampled_from([2, 4, 7]), comes=st.booleans())
    def come_or_go_after_a_silence(self, pick, seconds, comes):
        """The call is still open, has lent its credit, or is over."""
        self.gates_refresh_the_status(seconds)
        arrival = one_of(self.called()[-5:], pick)
        if comes:
            self.knock(arrival)
        else:
            self.go(arrival)

    @precondition(lambda self: self.line.at_door)
    @rule(pick=PICK)
    def leave_from_the_door(self, pick):
        self.go(one_of(self.line.at_door, pick))

    @rule(network=NETWORK)
    def express(self, network):
        answer = self.both("express", network)
        if answer.entry:
            assert answer.entry.code is EntryCode.ENTERED, "in at once, or not at all"
            self.given.add((answer.epoch, answer.arrival))
            self.note_entry(answer.arrival, answer.entry)

    @rule()
    def standing(self):
        epoch, arrivals = self.room.epoch, range(1, self.line.tail + 2)
        places = [(epoch, arrival, self.number_of(arrival)) for arrival in arrivals]
        places.append((epoch - 1, 1, 1))
        assert self.real.standing(places) == self.reference.standing(places)

    # The shop

    @rule(picks=st.lists(PICK, max_size=4), verb=st.sampled_from(["renew", "release"]))
    def the_shop_reports(self, picks, verb):
        ids = [lease_id(self.room.epoch, pick % (self.line.tail + 2) + 1) for pick in picks]
        self.both(verb, ids)

    @precondition(lambda self: self.line.spent)
    @rule(pick=PICK, verb=st.sampled_from(["renew", "release"]))
    def the_shop_reports_one_who_entered(self, pick, verb):
        arrival = one_of(self.line.spent, pick)
        ids = [lease_id(epoch, arrival) for epoch in (self.room.epoch, self.room.epoch - 1)]
        self.both(verb, ids)

    @rule(left=st.sampled_from([None, 0, 0, 1, 500]), age_ms=st.sampled_from([0, 0, 0, 300, 3000]))
    def the_shop_tells_what_is_left(self, left, age_ms):
        self.both("stock_left", left, age_ms)

    @rule(seconds=st.sampled_from([1, 5, 30]), pick=PICK, before=st.sampled_from([None, 7]))
    def the_shop_sells_out_and_has_more(self, seconds, pick, before):
        """Whoever knocks meanwhile has the same place afterwards: no turn runs out."""
        self.both("stock_left", 0, 0)
        kept = self.called()
        self.gates_refresh_the_status(seconds)
        self.enter_any(pick)
        self.both("join", [None], (0, 0))
        self.both("express", None)
        self.both("stock_left", before, 0)
        if self.line.closed_at_ms == 0:
            assert set(kept) <= set(self.called()), "nobody's place is lost"

    @rule(nonce=st.sampled_from("abc"), epoch_back=st.sampled_from([0, 0, 1]))
    def redeem(self, nonce, epoch_back):
        answer = self.real.redeem(self.room.epoch - epoch_back, nonce)
        assert answer is (None if epoch_back else nonce not in self.redeemed)
        if not epoch_back:
            self.redeemed.add(nonce)

    # Time

    @rule(ms=st.sampled_from([1, 100, 499, 500, 999, 1000, 1001, 1700, 2000, 2500]))
    def some_time_passes(self, ms):
        self.now_ms += ms

    @rule(ms=st.integers(1, 3000))
    def any_time_passes(self, ms):
        self.now_ms += ms

    @rule(seconds=st.integers(1, 20))
    def gates_look(self, seconds):
        self.gates_refresh_the_status(seconds)

    def gates_refresh_the_status(self, seconds: int) -> None:
        for _ in range(2 * seconds):
            self.now_ms += 500
            self.both(self.look_of_a_gate)

    @rule(seconds=st.sampled_from([4, 5, 6, 30]), pick=PICK)
    def all_gates_are_away(self, seconds, pick):
        """Others look, as a console does: nobody's turn runs out meanwhile."""
        self.both(self.look_of_a_gate)
        for _ in range(seconds):
            self.now_ms += 1000
            self.both("status")
        self.enter_any(pick)

    @rule(seconds=st.integers(2, 15), silent=st.integers(0, 3), salt=PICK)
    def the_sale_goes_on(self, seconds, silent, salt):
        """Of four people called ``silent`` do not come; who is refused keeps the appointment."""
        for half in range(2 * seconds):
            self.now_ms += 500
            self.both(self.look_of_a_gate)
            for arrival in self.called()[-12:]:
                is_here = (arrival * 7919 + salt) % 4 >= silent
                is_here = is_here and self.number_of(arrival) > self.line.lapsed
                if is_here and self.appointments.get(arrival, 0) <= self.now_ms:
                    self.knock(arrival)
            if half % 6 == 5 and self.line.leases:
                self.both("release", [lease_id(self.room.epoch, min(self.line.leases))])

    @rule(minutes=st.sampled_from([1, 15, 60]))
    def the_clock_jumps(self, minutes):
        self.now_ms += minutes * 60_000

    @rule(ms=st.integers(1, 5000))
    def the_clock_falls_back_a_little(self, ms):
        self.fall_back(ms)

    @rule(ms=st.integers(5001, 3_600_000))
    def the_clock_falls_back_far(self, ms):
        self.fall_back(ms)

    def fall_back(self, ms: int) -> None:
        self.now_ms -= ms
        self.anchors += self.room.wall_ms - self.now_ms > 5000
