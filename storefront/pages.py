"""The shop's pages: items, an item, its checkout, an order."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from storefront import faults, orders
from storefront.address import LONGEST, BadAddress, read_address
from storefront.confirmations import Confirmations
from storefront.database import Database
from storefront.models import Item
from waitingroom.guard import release


@dataclass(frozen=True, slots=True)
class Shop:
    """What the pages work with. ``report`` takes how many pieces are left."""

    database: Database
    confirmations: Confirmations
    public_url: str
    now_ms: Callable[[], int]
    report: Callable[[int], None] = lambda _left: None

    @property
    def session(self) -> Session:
        """The request's own session, for reading; closed when the request ends."""
        if "session" not in g:
            g.session = self.database.reading()
        session: Session = g.session
        return session


def pages(shop: Shop) -> Blueprint:
    """The routes, each a thin one."""
    routes = Blueprint("shop", __name__)
    routes.teardown_app_request(_close_session)

    @routes.get("/")
    def items() -> str:
        found = shop.session.scalars(select(Item).order_by(Item.id)).all()
        shop.report(sum(item.left for item in found))
        return render_template("items.html", items=found)

    @routes.get("/items/<slug>")
    def item(slug: str) -> str:
        return _item_page(_item(shop, slug), once=orders.new_once())

    @routes.get("/items/<slug>/checkout")
    def form(slug: str) -> BaseResponse:
        # Where somebody lands who reloads, or comes back from the line after sending a form.
        return redirect(url_for("shop.item", slug=slug), 303)

    @routes.post("/items/<slug>/checkout")
    def checkout(slug: str) -> BaseResponse:
        if faults.is_foreign(shop.public_url):
            abort(403)
        return _checkout(shop, _item(shop, slug))

    @routes.get("/orders/<token>")
    def order(token: str) -> str:
        found = orders.find(shop.session, token)
        if found is None:
            abort(404)
        return render_template("order.html", order=found)

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    return routes


def _checkout(shop: Shop, item: Item) -> BaseResponse:
    """Buy one piece: 303 to the order, 422 with the form again, 409 when it is sold out."""
    once = request.form.get("once", "")
    if not orders.is_once(once):
        once, raw = orders.new_once(), request.form.get("email", "")
        return _again(item, once, raw, "This form was incomplete. Please send it once more.")
    raw = request.form.get("email", "")
    try:
        email = read_address(raw[: LONGEST * 4])
        # One connection per request: the reading one goes back before the writing one is taken.
        shop.session.close()
        order = orders.place(shop.database, item.id, email=email, once=once, now_ms=shop.now_ms())
    except BadAddress as wrong:
        return _again(item, once, raw, str(wrong))
    except orders.FormUsed:
        return _again(item, orders.new_once(), raw, "This form has made an order already.")
    except orders.SoldOut:
        _report(shop)
        return make_response(render_template("sold_out.html", item=item), 409)
    shop.confirmations.enqueue(order.id)
    release(request.environ)
    _report(shop)
    return redirect(url_for("shop.order", token=order.token), 303)


def _report(shop: Shop) -> None:
    """Tell the line what is left. An order that is safe must not fail because of it."""
    with suppress(OperationalError):
        shop.report(orders.left(shop.database))


def _again(item: Item, once: str, email: str, problem: str) -> Response:
    """The form again, with what was wrong."""
    return make_response(_item_page(item, once=once, email=email[:LONGEST], problem=problem), 422)


def _item_page(item: Item, *, once: str, email: str = "", problem: str = "") -> str:
    return render_template("item.html", item=item, once=once, email=email, problem=problem)


def _item(shop: Shop, slug: str) -> Item:
    found = shop.session.scalar(select(Item).where(Item.slug == slug))
    if found is None:
        abort(404)
    return found


def _close_session(_error: BaseException | None) -> None:
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()
