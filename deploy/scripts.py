"""Makes what browsers are sent of the page's scripts, out of what people read: ``make scripts``.

``scripts.py [FOLDER]``: into FOLDER, or where the gate reads them. Why: docs/decisions/page.md.
"""

import subprocess
import sys
from pathlib import Path

import playwright

CHECKOUT = Path(__file__).parents[1]
STATIC = CHECKOUT / "waitingroom" / "gate" / "static"
TERSER = CHECKOUT / "node_modules" / "terser" / "bin" / "terser"
NODE = Path(playwright.__file__).parent / "driver" / "node"
"""The one that the tests have anyway; terser says the same under each."""
OPTIONS = ("--module", "--ecma", "2020", "--compress", "passes=3,unsafe_arrows", "--mangle")
"""One module, so that its names are its own; those of fields stay, since servers and storage know
them. No function of ours has a ``this`` or is made with ``new``, so each may become an arrow."""


def make(name, folder):
    """``name.js`` and its map, which holds the files that it was made of."""
    files = sorted(path.relative_to(STATIC).as_posix() for path in (STATIC / name).glob("*.js"))
    kept = ("--source-map", f"includeSources,url={name}.js.map")
    words = (NODE, TERSER, *files, *OPTIONS, *kept, "--output", folder / f"{name}.js")
    subprocess.run(list(map(str, words)), cwd=STATIC, check=True)


if __name__ == "__main__":
    if not TERSER.exists():
        sys.exit("scripts: no terser; its version is in package-lock.json (with npm: npm ci)")
    for script in ("page", "later"):
        make(script, Path(*sys.argv[1:]).resolve() if sys.argv[1:] else STATIC)
