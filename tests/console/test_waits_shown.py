"""The room's page shows how long people waited, and how many were in by the time they were told."""

import asyncio

from desks import Desk
from rooms import make

from waitingroom.operators import Role
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.client import Store
from waitingroom.waits import Waits


def test_the_page_and_what_follows_it_show_waits(
    desk: Desk, people: dict[Role, str], store: Store, store_url: str, room_id: str
) -> None:
    """Nothing at first; then by what the gate's workers added, without a shopper in it."""
    make(store, room_id)
    desk.log_in(people[Role.VIEWER])
    figures = desk.get(f"/rooms/{room_id}/live.json").json["figures"]
    assert [figures[name] for name in ("waits_hour", "kept_hour", "waits_sale", "kept_sale")] == [
        "–"
    ] * 4
    waits = Waits()
    for wait_s in (100, 100, 110, 280):
        waits = waits.with_one(wait_s * 1000, kept=wait_s < 200)

    async def add() -> None:
        worker = AsyncStore.connect(store_url)
        await worker.add_waits({(room_id, 1): waits})
        await worker.close()

    asyncio.run(add())
    figures = desk.get(f"/rooms/{room_id}/live.json").json["figures"]
    assert figures["waits_hour"] == figures["waits_sale"] == "1:50 / 4:36"
    assert figures["kept_hour"] == "75 % of 4"
    page = desk.get(f"/rooms/{room_id}").text
    for title in ("Wait of half / 9 in 10, last hour", "In by the time told, whole sale"):
        assert title in page
    assert "1:50 / 4:36" in page
