"""Handovers in addresses."""

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from waitingroom.links import split_handover, with_handover


def test_a_handover_stands_in_the_query_and_replaces_an_older_one() -> None:
    """Somebody may have kept an address that still has the last one in it, however written."""
    assert with_handover("https://s/x?a=1#z", "h") == "https://s/x?a=1&wr_handover=h#z"
    assert with_handover("https://s/", "h") == "https://s/?wr_handover=h"
    old = "https://s/?wr_handover=old&a=%26&wr%5fhandover=older&b#z"
    found = with_handover(old, "new")
    assert parse_qsl(urlsplit(found).query, keep_blank_values=True) == [
        ("a", "&"), ("b", ""), ("wr_handover", "new"),
    ]  # fmt: skip


@given(
    before=st.text("ab=%+&.é", max_size=12),
    after=st.text("ab=%+&.é", max_size=12),
    name=st.sampled_from(["wr_handover", "wr%5fhandover", "%77r_handover"]),
)
def test_everything_but_the_handover_stays_byte_for_byte(
    before: str, after: str, name: str
) -> None:
    """Other parameters keep their order, their encoding and their oddities."""
    handover, rest = split_handover(f"{before}&{name}=t0k.en&{after}")
    assert handover == "t0k.en"
    assert rest == f"{before}&{after}"
