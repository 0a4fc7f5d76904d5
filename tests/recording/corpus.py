"""Thirty sessions, made by scripts that know which values flow. They are hard on purpose, and came before
the rules that are tried on them."""

from __future__ import annotations

from tests.recording.corpus_apps import APPS, row_five_of_two_tables
from tests.recording.corpus_boards import BOARDS
from tests.recording.corpus_office import OFFICE
from tests.recording.corpus_tools import COLLECTIVES, COOKBOOK, MAIL, NEWS, TRACKER
from tests.recording.tape import Tape, cat, encoded, in_json


def recipes() -> Tape:
    """An id is a text here and a number there; a category is a common word, and so is a keyword."""
    t = Tape(*COOKBOOK)
    a = t.person("paul")
    recipe, name, category = t.of_server(42), t.made("Pea soup"), t.of_server("Soup")
    t.call(
        a,
        "nc_cookbook_create_recipe",
        {"name": name, "description": "Soup of peas", "ingredients": ["42 peas", "salt"], "recipe_yield": 4},
        {"id": recipe, "name": name},
    )
    stub = {"id": cat(recipe), "recipe_id": recipe, "name": name, "keywords": "soup,dinner"}
    t.call(a, "nc_cookbook_list_recipes", {}, {"recipes": [stub], "total_count": 42})
    t.call(
        a,
        "nc_cookbook_get_recipe",
        {"recipe_id": recipe},
        {"id": cat(recipe), "name": name, "recipeYield": 4},
    )
    t.call(
        a,
        "nc_cookbook_list_categories",
        {},
        {"categories": [{"name": "Bread"}, {"name": category, "recipe_count": 42}]},
    )
    t.call(
        a,
        "nc_cookbook_get_recipes_in_category",
        {"category": category},
        {"recipes": [stub], "total_count": 1},
    )
    return t


def pages_below_pages() -> Tape:
    """A page's parent is a page, and its collective has the number of the page."""
    t = Tape(*COLLECTIVES)
    a = t.person("quint")
    collective, landing, page, below = t.of_server(6), t.of_server(60), t.of_server(6), t.of_server(61)
    name, first, second = t.made("Wiki"), t.made("Rules"), t.made("Rule one")
    t.call(
        a, "collectives_create_collective", {"name": name, "emoji": "📚"}, {"id": collective, "name": name}
    )
    t.call(
        a,
        "collectives_get_pages",
        {"collective_id": collective},
        {
            "pages": [{"id": landing, "title": "Landing page", "parentId": 0}],
            "collective_id": collective,
            "total": 1,
        },
    )
    for number, title, parent in ((page, first, landing), (below, second, page)):
        t.call(
            a,
            "collectives_create_page",
            {"collective_id": collective, "parent_id": parent, "title": title},
            {"id": number, "title": title, "collective_id": collective, "parent_id": parent},
        )
    t.call(a, "collectives_trash_page", {"collective_id": collective, "page_id": below}, {"page_id": below})
    return t


def mail_of_number_one() -> Tape:
    """Account 1, mailbox 1, message 1; `seen` is true, which is no 1."""
    t = Tape(*MAIL)
    a = t.person("rosa")
    account, box, message, cursor = t.of_server(1), t.of_server(1), t.of_server(1), t.of_server(1795680001)
    t.call(
        a,
        "nc_mail_list_accounts",
        {},
        {"accounts": [{"id": account, "email": "rosa@example.org"}], "total": 1},
    )
    t.call(
        a,
        "nc_mail_list_mailboxes",
        {"account_id": account},
        {"mailboxes": [{"id": box, "name": "INBOX", "unread": 1}]},
    )
    page = {"messages": [{"id": message, "subject": "Hello", "seen": False}], "next_cursor": cursor}
    t.call(a, "nc_mail_list_messages", {"mailbox_id": box, "limit": 1}, page)
    t.call(a, "nc_mail_list_messages", {"mailbox_id": box, "limit": 1, "cursor": cursor}, {"messages": []})
    t.call(a, "nc_mail_get_message", {"message_id": message}, {"message": {"id": message, "body": "1"}})
    t.call(a, "nc_mail_set_flags", {"message_id": message, "seen": True, "flagged": False}, {"success": True})
    return t


def news_page_by_page() -> Tape:
    """Offsets count, and are no ids; the item that is opened is one of the list."""
    t = Tape(*NEWS)
    a = t.person("sven")
    feed, item = t.of_server(50), t.of_server(100)
    t.call(
        a, "nc_news_list_feeds", {}, {"feeds": [{"id": feed, "title": "Planet", "unread": 100}], "total": 50}
    )
    rows = [{"id": t.of_server(150), "feed_id": feed}, {"id": item, "feed_id": feed}]
    t.call(
        a, "nc_news_list_items", {"feed_id": feed, "limit": 50, "offset": 0}, {"items": rows, "total": 100}
    )
    t.call(a, "nc_news_list_items", {"feed_id": feed, "limit": 50, "offset": 50}, {"items": [], "total": 100})
    t.call(a, "nc_news_get_item", {"item_id": item}, {"item": {"id": item, "feed_id": feed, "body": "…"}})
    return t


def two_issues_linked() -> Tape:
    """UUIDs in arguments whose names tell little; names in camel case, tools with dots."""
    t = Tape(*TRACKER)
    a, b = t.person("tom"), t.person("ute")
    one, two, project = t.uuid(), t.uuid(), t.of_server("PRJ-7")
    names = [t.made("Crash at start"), t.made("Crash at end")]
    t.call(a, "tracker.search", {"query": "projects"}, {"projects": [{"projectKey": project}]})
    for number, name in zip((one, two), names, strict=True):
        t.call(
            a,
            "tracker.issues.create",
            {"projectKey": project, "summary": name, "fields": {"labels": ["PRJ", "7"]}},
            {"data": {"issue": {"issueId": number, "summary": name}}},
            in_text=True,
        )
    t.call(b, "tracker.issues.link", {"fromIssue": two, "toIssue": one, "kind": "blocks"}, {"ok": True})
    t.call(a, "tracker.issues.delete", {"issueId": two}, {"ok": True})
    return t


def json_within_texts() -> Tape:
    """Ids inside JSON, inside a text, on the way in and on the way out."""
    t = Tape(*TRACKER)
    a = t.person("vera")
    issue, name, version = t.uuid(), t.made("Nested"), t.etag()
    inner = in_json({"issue": {"issueId": issue, "version": version}, "watchers": 3})
    t.call(
        a,
        "tracker.issues.create",
        {"projectKey": "OPS", "summary": name},
        {"status": 200, "payload": in_json({"code": 200, "body": inner})},
    )
    body = in_json({"issueId": issue, "ifVersion": version, "patch": {"state": "done", "code": 200}})
    t.call(
        a,
        "tracker.http",
        {"method": "PATCH", "url": cat("https://x.example/issues/", issue), "body": body},
        {"status": 200},
    )
    t.call(
        a,
        "tracker.http",
        {"method": "GET", "url": cat("https://x.example/find?id=", encoded(issue), "&status=200")},
        {"status": 200},
    )
    return t


def cursors() -> Tape:
    """Each page says where the next one begins."""
    t = Tape(*TRACKER)
    a = t.person("willi")
    marks = [t.of_server(f"eyJwIjox{n}fQ==") for n in range(3)]
    issue = t.uuid()
    pages: list[tuple[dict[str, object], dict[str, object]]] = [({}, {"nextCursor": marks[0], "items": []})]
    pages += [({"cursor": marks[n]}, {"nextCursor": marks[n + 1], "items": []}) for n in (0, 1)]
    pages += [({"cursor": marks[2]}, {"nextCursor": None, "items": [{"issueId": issue, "rank": 25}]})]
    for more, answer in pages:
        t.call(a, "tracker.search", {"query": "open", "pageSize": 25, **more}, answer)
    t.call(a, "tracker.issues.get", {"issueId": issue}, {"issueId": issue, "summary": "Found"})
    return t


def equal_by_chance() -> Tape:
    """Common words, dates, booleans, status codes and empty texts that are equal, and do not flow."""
    t = Tape(*TRACKER, "weather.report(city, date, unit, days:int, verbose:bool, note)!")
    a = t.person("xenia")
    said = {"city": "open", "date": "2026-11-26", "unit": "active", "days": 200, "verbose": True, "note": ""}
    answer = {
        "status": "active",
        "today": "2026-11-26",
        "code": 200,
        "ok": True,
        "state": "open",
        "text": "",
        "id": 200,
    }
    t.call(a, "tracker.search", {"query": "open", "pageSize": 200}, {"items": [answer], "total": 200})
    t.call(a, "weather.report", said, {"report": "open", "days": 200})
    t.call(a, "tracker.search", {"query": "active", "pageSize": 1}, {"items": [], "total": 1})
    return t


def typed_from_memory() -> Tape:
    """A number that no answer gave, though another thing has it; and one that was there all the time."""
    t = Tape(
        *TRACKER,
        "rooms.book(room_id:int, title, minutes:int)",
        "rooms.list_floors()!",
        "rooms.cancel(booking_id:int)",
    )
    a = t.person("yuri")
    booking, title = t.of_server(30), t.made("Retro")
    t.call(a, "rooms.list_floors", {}, {"floors": [{"id": 12, "rooms": 30}, {"id": 13, "rooms": 12}]})
    t.call(
        a,
        "rooms.book",
        {"room_id": 12, "title": title, "minutes": 30},
        {"booking": {"id": booking, "room": "Blue"}},
    )
    t.call(a, "rooms.cancel", {"booking_id": booking}, {"ok": True})
    return t


OTHERS = (
    recipes,
    pages_below_pages,
    mail_of_number_one,
    news_page_by_page,
    two_issues_linked,
    json_within_texts,
    cursors,
    equal_by_chance,
    typed_from_memory,
)
CORPUS = (*OFFICE, *BOARDS, *APPS, *OTHERS)
AMBIGUOUS = row_five_of_two_tables
