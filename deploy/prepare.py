"""Makes a machine ready: ``prepare.py STEP …``, each step one of ``STEPS`` below.

Standard library only. What is missing is installed where that may be done (root and apt-get),
else one sentence says what to do; with CI set, a missing part is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
CHECKOUT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL = "chromium-headless-shell"
"""The same without windows, where Debian has it: the tests need it less time for a page."""
FONTS = ("fonts-noto-core", "fonts-noto-cjk")
"""What a picture of the pages in Hindi and Chinese needs."""
DOCS = Path("/usr/share/doc")
"""Where Debian leaves a trace of every package."""
POSTGRES = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, by version, off the path."""
POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian's way to say whether a package may start its service while it is installed."""


def in_ci():
    """Whether nobody is there to read a hint."""
    return os.environ.get("CI", "") not in ("", "0", "false")  # noqa: TID251 - stands alone


def missing(sentence):
    """Say what is missing; in CI that is the end."""
    print(f"prepare: {sentence}", file=sys.stderr)
    return 1 if in_ci() else 0


def python():
    """Refuse a Python that is too old, or that cannot make environments."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"prepare: Python 3.11 or newer is needed, this is {found}; try PYTHON=python3.12")
    try:
        import ensurepip  # noqa: F401 - Debian ships it apart, and venv needs it
    except ImportError:
        sys.exit("prepare: Python lacks venv; on Debian: apt-get install python3-venv")
    return 0


def parser():
    """The HTTP parser in C, where a compiler can build it; the one in Python works too."""
    compiler = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
    if compiler:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--editable", ".[fast]"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return 0
    why = "it could not be built" if compiler else "there is no C compiler"
    print(f"prepare: the gate will use its HTTP parser in Python ({why} for the faster one).")
    return 0


def may_install():
    """Whether packages can be installed here without asking anybody."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages):
    """apt-get install, without starting any service. Whether it worked."""
    print(f"prepare: installing {' '.join(packages)} …", file=sys.stderr)
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}  # noqa: TID251
        subprocess.run(["apt-get", "update"], env=env, capture_output=True, check=False)
        words = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        return subprocess.run(words, env=env, capture_output=True, check=False).returncode == 0
    finally:
        if ours:
            POLICY.unlink()


def browser():
    """A Chromium for the browser tests, and letters for all languages that the pages speak."""
    if may_install():
        wanted = [name for name in FONTS if not (DOCS / name).exists()]
        wanted += [] if any(map(shutil.which, BROWSERS)) else ["chromium"]
        shell = [] if shutil.which(SHELL) else [SHELL]
        if not (shell and install(*wanted, *shell)) and wanted:
            install(*wanted)
    if any(map(shutil.which, BROWSERS)):
        return 0
    return missing("no Chromium: the browser tests need one (Debian: apt-get install chromium)")


def store():
    """The other store: Redis 7.0, as Debian has it."""
    if shutil.which("redis-server"):
        return 0
    if may_install() and install("redis-server") and shutil.which("redis-server"):
        return 0
    return missing("no redis-server: the other store is not tested (apt-get install redis-server)")


def curl():
    """What the documents show calls with."""
    if shutil.which("curl") or (may_install() and install("curl") and shutil.which("curl")):
        return 0
    return missing("no curl: one call of the documents is not tried (apt-get install curl)")


def php():
    """The language of one example."""
    if shutil.which("php-cgi") or (
        may_install() and install("php-cgi") and shutil.which("php-cgi")
    ):
        return 0
    return missing("no PHP: one example is not run (Debian: apt-get install php-cgi)")


def prometheus():
    """What reads our metrics, alerts and dashboard, with its tool."""

    def there():
        return shutil.which("prometheus") and shutil.which("promtool")

    if there() or (may_install() and install("prometheus") and there()):
        return 0
    return missing("no Prometheus: alerts and dashboard are not tried (apt-get install prometheus)")


def database():
    """The shop's other database."""

    def there():
        return any(POSTGRES.glob("*/bin/initdb")) or shutil.which("initdb")

    if there() or (may_install() and install("postgresql") and there()):
        return 0
    return missing("no PostgreSQL: the shop is tested on SQLite only (apt-get install postgresql)")


def terser():
    """What makes the page's scripts small, in the version of package-lock.json."""
    if shutil.which("npm") or (may_install() and install("npm") and shutil.which("npm")):
        command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=CHECKOUT, stdout=2, check=False).returncode == 0:
            return 0
    return missing("no terser: the page's scripts are not made anew (apt-get install npm; npm ci)")


STEPS = {
    "python": python,
    "parser": parser,
    "browser": browser,
    "curl": curl,
    "php": php,
    "prometheus": prometheus,
    "store": store,
    "database": database,
    "terser": terser,
}

if __name__ == "__main__":
    sys.exit(max(STEPS[name]() for name in sys.argv[1:]))
