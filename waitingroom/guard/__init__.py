"""What a shop installs: the check of a pass in front of it, and the way to give a place back.

    from waitingroom.guard import Guard

    app.wsgi_app = Guard(
        app.wsgi_app,
        gate="https://wait.example.com", api="http://10.0.0.5:8001", shop_key="…",
        keys=["wrk1.demo.…"], rooms={"/": "demo"}, allow=["/static/*", "/healthz"],
    )

At checkout, once the order is safe: ``release(request.environ)``. For ASGI: ``guard.asgi``.
"""

from waitingroom.guard.base import PASS_KEY, release
from waitingroom.guard.settings import GuardSettings
from waitingroom.guard.wsgi import Guard
from waitingroom.model import Outside
from waitingroom.request_ids import ENVIRON_KEY as REQUEST_ID_KEY

__all__ = ["PASS_KEY", "REQUEST_ID_KEY", "Guard", "GuardSettings", "Outside", "release"]
