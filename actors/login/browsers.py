"""Which browsers there are on this machine, without starting one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import attrs

INSTALLED: dict[str, tuple[str, ...]] = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    # Playwright drives its own builds of these two only.
    "firefox": (),
    "webkit": (),
}


@attrs.frozen
class Browser:
    """A browser that can be started; `executable` None means Playwright's own build."""

    kind: str
    executable: str | None


def find_browser(kind: str) -> Browser | None:
    """Playwright's own build of `kind`, else one that is installed, else None."""
    if any(_playwright_folder().glob(f"{kind}-*/INSTALLATION_COMPLETE")):
        return Browser(kind, None)
    for name in INSTALLED[kind]:
        if path := shutil.which(name):
            return Browser(kind, path)
    return None


def _playwright_folder() -> Path:
    """Where `playwright install` puts its builds."""
    if named := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        return Path(named)
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / caches / "ms-playwright"
