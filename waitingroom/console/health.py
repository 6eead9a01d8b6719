"""``/healthz``: the process is up. ``/readyz``: the store answers."""

from flask import Blueprint, Response, jsonify

from waitingroom.store.client import Store


def health(store: Store) -> Blueprint:
    """The two routes, as every server of ours has them."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(ok=True)

    @routes.get("/readyz")
    def readyz() -> Response:
        store.ping()
        return jsonify(ok=True)

    return routes
