"""The opening of a sale that many more come to than it has room for."""

from loadtests.scenarios import Scenario

SCENARIO = Scenario(
    title="an early crowd, a spike at the opening, a tail",
    replays={
        "Xiaomi Poland, December 2019": (
            "long before the opening the page answers everybody, and truly; at the opening "
            "people go in at the set rate; no answer of 500. (The stock of ten is the shop's "
            "part, and not shown here.)"
        ),
        "Flipkart and the Xiaomi Mi 3, July 2014": (
            "whoever asks again is told the same place; the order of service can be checked from "
            "published values alone. (That the line hears the stock is not shown here.)"
        ),
        "What shoppers of other waiting rooms tell": (
            "a refresh keeps the place; a place shown never grows; who closes the tab blocks "
            "nobody behind; who comes late may still come"
        ),
    },
)
