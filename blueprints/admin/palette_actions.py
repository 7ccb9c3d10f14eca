"""The actions of the palette: new rows, the switches of merchant and world, colours, shortcuts, signing out."""

from collections.abc import Iterator

from flask import request, url_for

from blueprints.pages import navigation
from blueprints.pages.navigation import Hit, Item
from blueprints.pages.session import me, wide_actor
from blueprints.pages.shell import own_merchants

MOST = 5                            # merchants to switch to


def all_of(shown: list[Item], words: str) -> list[Hit]:
    """Everything that this person may do from any page."""
    return [*creations(shown), *switches(words), *personal()]


def creations(shown: list[Item]) -> Iterator[Hit]:
    """The forms for new rows."""
    for creation, keys in navigation.creations(shown, wide_actor()):
        yield Hit(creation.title, "plus", creation.path, f"c {keys}" if keys else "", also="create add")


def switches(words: str) -> Iterator[Hit]:
    """The switch of the world, and of the merchant where there are several; the first ones without words."""
    here, test = {"next": current()}, me().session.test_mode
    title = "Leave test mode" if test else "Switch to test mode"
    wanted = {"test": "" if test else "on"}
    yield Hit(title, "test-pipe", url_for("admin.mode"), fields=here | wanted, also="live world")
    merchants = own_merchants(me()) if words else []
    if len(merchants) < 2:
        return
    chosen = me().session.merchant_id
    if chosen is not None:
        yield Hit("Switch to all merchants", "building-store", url_for("admin.switch"), fields=here | {"merchant": ""})
    for one in merchants:
        if one.id != chosen:
            yield Hit(f"Switch to {one.name}", "building-store", url_for("admin.switch"), "merchant",
                      also="merchant profile", fields=here | {"merchant": str(one.id)})


def personal() -> Iterator[Hit]:
    """What concerns this person alone."""
    yield Hit("Switch colour theme", "moon", note="", also="dark light mode colors", button="data-theme-toggle")
    yield Hit("Keyboard shortcuts", "help-circle", note="?", also="help keys", button="data-open=shortcuts")
    yield Hit("Sign out", "logout", url_for("auth.logout"), also="log out logout exit", fields={})


def current() -> str:
    """The path of the page on which the palette is open."""
    shown = request.headers.get("HX-Current-URL", "")
    return shown.removeprefix(request.host_url.rstrip("/")).partition("?")[0] if shown else "/admin/"
