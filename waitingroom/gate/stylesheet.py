"""A brand's stylesheet: its colours, by the names that the page's own stylesheet uses. Pure."""

from functools import lru_cache

from waitingroom.colours import look
from waitingroom.gate import assets
from waitingroom.gate.assets import Asset
from waitingroom.model import Brand

_LOGO = "header img{display:block;max-width:70%;max-height:3.5rem;margin-bottom:.75rem}\n"


@lru_cache(256)
def stylesheet(brand: Brand) -> Asset | None:
    """What the pages load behind their own stylesheet; None where ours is enough."""
    if not brand.colours and not brand.logo:
        return None
    rules = _LOGO if brand.logo else ""
    if brand.colours:
        light, dark = look(dict(brand.colours)).values()
        rules += f"{_root(light)}@media (prefers-color-scheme: dark){{{_root(dark)}}}\n"
    return assets.stylesheet(rules)


def _root(colours: dict[str, str]) -> str:
    return ":root{" + ";".join(f"--{name}:{value}" for name, value in colours.items()) + "}\n"
