"""The shoppers' pages by the API, in every state and language, with a room's name and look."""

from typing import Any

from marshmallow import fields, validate
from werkzeug.wrappers import Response

from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.previews import LANGUAGES, PAGES, STATES, Previews
from waitingroom.operators import Role

WHICH: dict[str, fields.Field[Any]] = {
    "state": fields.String(required=True, validate=validate.OneOf(STATES)),
    "lang": fields.String(load_default=LANGUAGES[0], validate=validate.OneOf(LANGUAGES)),
    "page": fields.String(
        validate=validate.OneOf(tuple(PAGES)),
        metadata={"description": "With a script, without, or that of cookies and privacy."},
    ),
}


class Previewing:
    """Over the console's own previews."""

    def __init__(self, previews: Previews, bearers: Bearers) -> None:
        self._previews = previews
        self._bearers = bearers

    def group(self) -> Group:
        """The operation."""
        group = Group("preview", "What shoppers are shown.", self._bearers)
        at, answer = "/rooms/<room>/preview", {"type": "string"}
        group.add(
            *("GET", at, self.preview_page, Role.VIEWER),
            query=WHICH,
            answer=answer,
            content_type="text/html",
        )
        return group

    def preview_page(self, room: str, query: dict[str, str]) -> Response:
        """The page of a state, as the gate would send it; the files that it names are behind the
        console's log-in."""
        return self._previews.page(room, **query)
