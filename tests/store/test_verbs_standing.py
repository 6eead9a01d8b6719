"""standing: where tickets stand, read and nothing else."""

from real import T0

from waitingroom.outcomes import Standing


def test_each_ticket_is_told_where_it_stands(make_room):
    """All seven words, in one call, in the order asked for."""
    room = make_room(
        rate_per_min=60, burst=4, call_timeout_ms=1000, claim_grace_ms=3000, session_ms=2000
    )
    room.crowd(T0, 30)
    room.knock(T0, 1)
    room.run_until(T0, T0 + 4500)
    lapsed = room.written().lapsed
    room.knock(T0 + 4500, lapsed + 1)
    room.go(T0 + 4500, 20)
    numbers = (1, lapsed + 1, 20, 30, lapsed, lapsed + 2)
    places = [(1, number, number) for number in numbers] + [(2, 5, 5)]
    assert room.standing(places) == (
        *(Standing.SPENT, Standing.INSIDE, Standing.LEFT, Standing.NOT_CALLED),
        *(Standing.LAPSED, Standing.CALLED, Standing.OLD_EPOCH),
    )


def test_asking_changes_nothing_and_lets_no_time_pass(make_room):
    """It may run on a replica: the function is flagged as one that never writes."""
    room = make_room()
    room.crowd(T0, 3)
    before = room.written()
    room.standing([(1, 1, 1)])
    assert room.written() == before


def test_asking_for_nobody_answers_nothing(make_room):
    """An empty group is no fault."""
    assert make_room().standing([]) == ()
