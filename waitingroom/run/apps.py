"""What gunicorn imports: each application, built from its process's environment."""

from typing import Any

from waitingroom.config import environment, load_config


def gate() -> Any:
    """The gate (ASGI)."""
    from waitingroom.gate.app import create_app

    return create_app(load_config(environment()).gate())


def console() -> Any:
    """The room API (WSGI)."""
    from waitingroom.console.app import create_app

    return create_app(load_config(environment()).console())
