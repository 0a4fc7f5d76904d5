"""What an MCP server keeps of a user who granted it access: its own record of the app password."""

from __future__ import annotations

import attrs

from actors.login.provisioning import withdraw
from actors.new_password import new_password
from actors.ports import Person
from actors.secret import Secret
from sim.clean.ledger_text import Entry
from sim.clean.marker import is_marker
from sim.clean.thing import Hopeless, Means
from sim.clean.things.created_user import admin_of

GRANT_KIND = "grant"


@attrs.frozen
class GrantThing:
    """A record at the MCP server; void once the user, or their app password, is gone."""

    kind: str = GRANT_KIND
    goes_first: bool = True

    async def remove(self, entry: Entry, means: Means) -> None:
        url = entry.details.get("url", "")
        if not url:
            raise Hopeless("the address of the MCP server is not known")
        host = means.ledger.head.nextcloud_url
        await withdraw(means.http, url, host, await _person(entry, means))


THING = GrantThing()


async def _person(entry: Entry, means: Means) -> Person:
    """Whoever asks the server to forget shows a password; one that died with its run is replaced."""
    login = entry.details.get("login", entry.name)
    known = means.passwords.get(login)
    if known is not None:
        return Person(entry.name, known, login_name=login)
    if "stays" in entry.details:
        raise Hopeless(f"no password for {login}: name the --accounts file of that run")
    return Person(entry.name, await _new_password(entry.name, means))


async def _new_password(uid: str, means: Means) -> Secret:
    accounts, head = admin_of(means), means.ledger.head
    user = await accounts.look(uid)
    if user is None or not is_marker(user.email, uid, head.mark, (head.mail_domain,)):
        raise Hopeless("there is no user of that run any more who could ask for it")
    password = new_password(await accounts.password_length())
    await accounts.set_password(uid, password)
    return password
