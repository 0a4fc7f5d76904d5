"""Sessions with calendars, contacts, tables and talks, and what makes them hard."""

from __future__ import annotations

from tests.recording.corpus_tools import CALENDAR, CONTACTS, TABLES, TALK
from tests.recording.tape import Keyed, Tape


def an_event_from_its_calendar() -> Tape:
    """The calendar's name comes from the list, dates are typed again, an event is changed and removed."""
    t = Tape(*CALENDAR)
    a = t.person("gerda")
    calendar, event, title = t.of_server("personal"), t.uuid(), t.made("Stand-up")
    day, end = "2026-12-01T09:00:00", "2026-12-01T09:15:00"
    rows = [{"name": calendar, "display_name": "Personal", "color": "#0082c9"}]
    t.call(a, "nc_calendar_list_calendars", {}, {"calendars": rows, "total_count": 1})
    shown = {"uid": event, "summary": title, "start": day, "end": end, "all_day": False}
    t.call(
        a,
        "nc_calendar_create_event",
        {
            "calendar_name": calendar,
            "title": title,
            "start_datetime": day,
            "end_datetime": end,
            "reminder_minutes": 15,
        },
        {"event": shown, "calendar_name": calendar},
    )
    t.call(
        a,
        "nc_calendar_list_events",
        {"calendar_name": calendar, "start_date": "2026-12-01", "limit": 15},
        {"events": [shown], "total_found": 1, "start_date": "2026-12-01"},
    )
    t.call(
        a,
        "nc_calendar_update_event",
        {"calendar_name": calendar, "event_uid": event, "start_datetime": end},
        {"event": {**shown, "start": end}, "calendar_name": calendar},
    )
    t.call(
        a, "nc_calendar_delete_event", {"calendar_name": calendar, "event_uid": event}, {"deleted_uid": event}
    )
    return t


def the_second_calendar() -> Tape:
    """Of three calendars the second; a word of a title is a calendar's name by chance."""
    t = Tape(*CALENDAR)
    a = t.person("hugo")
    names = [t.of_server("personal"), t.of_server("work"), t.of_server("birthdays")]
    todo, title, etag = t.uuid(), t.made("Plan the next week"), t.etag()
    rows = [{"name": name, "color": "#ffffff"} for name in names]
    t.call(a, "nc_calendar_list_calendars", {}, {"calendars": rows, "total_count": 3})
    t.call(
        a,
        "nc_calendar_create_todo",
        {"calendar_name": names[1], "summary": title, "priority": 3, "due": "2026-12-24"},
        {"todo": {"uid": todo, "summary": title, "priority": 3, "etag": etag}, "calendar_name": names[1]},
    )
    t.call(
        a,
        "nc_calendar_complete_todo",
        {"calendar_name": names[1], "todo_uid": todo, "etag": etag},
        {"uid": todo, "status": "COMPLETED", "percent_complete": 100, "etag": t.etag()},
    )
    return t


def a_contact_with_a_uid_of_ones_own() -> Tape:
    """The client makes up the uid; the other person finds the contact and changes it."""
    t = Tape(*CONTACTS)
    a = t.person("ines")
    book, uid = t.of_server("contacts"), t.made("8f14e45f-ceea-467f-9a1c-0d2b7a0c3f11")
    name, etag = t.made("Ada Lovelace"), t.etag()
    t.call(
        a,
        "nc_contacts_list_addressbooks",
        {},
        {"addressbooks": [{"name": book, "display_name": "Contacts"}], "total_count": 1},
    )
    t.call(
        a,
        "nc_contacts_create_contact",
        {"addressbook": book, "uid": uid, "contact_data": {"fn": name, "email": "ada@example.org"}},
        {"contact": {"uid": uid, "fn": name, "etag": etag}, "addressbook": book},
    )
    t.call(
        a,
        "nc_contacts_update_contact",
        {"addressbook": book, "uid": uid, "contact_data": {"tel": "+44 1815"}, "etag": etag},
        {"contact": {"uid": uid, "fn": name}, "addressbook": book},
    )
    return t


def a_contact_that_was_found() -> Tape:
    """Of several hits the one that is meant: its uid and etag, no neighbour's."""
    t = Tape(*CONTACTS)
    a = t.person("jan")
    book = t.of_server("shared-book")
    hits = [{"uid": t.uuid(), "fn": f"Grace {n}", "etag": t.etag(), "addressbook": book} for n in range(3)]
    t.call(a, "nc_contacts_search_contacts", {"query": "Grace"}, {"contacts": hits, "total_count": 3})
    t.call(
        a,
        "nc_contacts_update_contact",
        {
            "addressbook": book,
            "uid": hits[1]["uid"],
            "contact_data": {"title": "Admiral"},
            "etag": hits[1]["etag"],
        },
        {"contact": {"uid": hits[1]["uid"], "fn": "Grace 1"}, "addressbook": book},
    )
    return t


def rows_by_column() -> Tape:
    """The columns' ids are keys of the row; the row's own id is a small number."""
    t = Tape(*TABLES)
    a = t.person("karl")
    table, row = t.of_server(3), t.of_server(9)
    columns = [t.of_server(31), t.of_server(32)]
    t.call(
        a,
        "nc_tables_list_tables",
        {},
        {"tables": [{"id": t.of_server(2), "title": "A"}, {"id": table, "title": "Stock"}]},
    )
    schema = [
        {"id": columns[0], "title": "Name", "type": "text"},
        {"id": columns[1], "title": "Number", "type": "number"},
    ]
    t.call(a, "nc_tables_get_schema", {"table_id": table}, {"table": {"id": table}, "columns": schema})
    data = Keyed(((columns[0], "Screws"), (columns[1], 3)))
    t.call(
        a,
        "nc_tables_insert_row",
        {"table_id": table, "data": data},
        {"id": row, "row": {"id": row}, "table_id": table},
    )
    t.call(
        a, "nc_tables_update_row", {"row_id": row, "data": Keyed(((columns[1], 9),))}, {"row": {"id": row}}
    )
    t.call(
        a,
        "nc_tables_read_table",
        {"table_id": table, "limit": 3, "offset": 9},
        {"rows": [{"id": row}], "table_id": table},
    )
    return t


def row_five_of_two_tables() -> Tape:
    """Both tables show a row 5, and nothing says which one is changed: the ambiguous one."""
    t = Tape(*TABLES)
    a = t.person("lotte")
    tables, rows = [t.of_server(301), t.of_server(302)], [t.of_server(5), t.of_server(5)]
    t.call(a, "nc_tables_list_tables", {}, {"tables": [{"id": table, "title": "T"} for table in tables]})
    for table, row in zip(tables, rows, strict=True):
        t.call(
            a,
            "nc_tables_read_table",
            {"table_id": table},
            {"rows": [{"id": row, "data": {}}], "table_id": table},
        )
    t.call(a, "nc_tables_update_row", {"row_id": rows[0], "data": {"note": "seen"}}, {"row": {"id": rows[0]}})
    return t


def a_talk() -> Tape:
    """A conversation's token is a short word; messages are answered, and marked as read."""
    t = Tape(*TALK)
    a, b = t.person("mia"), t.person("nils")
    token, first, second = t.of_server("w8ffxz2k"), t.of_server(1), t.of_server(2)
    room, hello, answer = t.made("Lunch"), t.made("Where?"), t.made("At one, w8ffxz")
    talk = {"id": 1, "token": token, "displayName": room, "room_type": 2}
    t.call(a, "talk_create_conversation", {"room_name": room, "room_type": 2}, {"conversation": talk})
    t.call(
        a,
        "talk_add_participant",
        {"token": token, "participant": t.uid(b)},
        {"conversation_token": token, "participant": t.uid(b)},
    )
    sent = {"id": first, "token": token, "actorId": t.uid(a), "timestamp": 1795680000, "message": hello}
    t.call(a, "talk_send_message", {"token": token, "message": hello}, {"message": sent})
    t.call(b, "talk_list_conversations", {}, {"results": [{**talk, "unreadMessages": 1}], "total": 1})
    t.call(
        b,
        "talk_get_messages",
        {"token": token, "limit": 1},
        {"conversation_token": token, "results": [sent], "count": 1},
    )
    reply = {"id": second, "token": token, "actorId": t.uid(b), "message": answer, "parent": first}
    t.call(b, "talk_send_message", {"token": token, "message": answer, "reply_to": first}, {"message": reply})
    t.call(a, "talk_react", {"token": token, "message_id": second, "reaction": "👍"}, {"message_id": second})
    t.call(
        a, "talk_mark_as_read", {"token": token, "last_read_message": second}, {"last_read_message": second}
    )
    return t


def talk_page_by_page() -> Tape:
    """The next page is asked for with the last message of the one before."""
    t = Tape(*TALK)
    a = t.person("olga")
    token, last = t.of_server("q2r4k9zu"), t.of_server(50)
    t.call(
        a,
        "talk_list_conversations",
        {},
        {"results": [{"id": 50, "token": token, "displayName": "All"}], "total": 1},
    )
    page = {
        "conversation_token": token,
        "results": [{"id": last, "message": "so"}],
        "last_known_message_id": last,
    }
    t.call(a, "talk_get_messages", {"token": token, "limit": 50}, {**page, "count": 50})
    t.call(
        a,
        "talk_get_messages",
        {"token": token, "limit": 50, "last_known_message_id": last},
        {"conversation_token": token, "results": [], "count": 0},
    )
    return t


APPS = (
    an_event_from_its_calendar,
    the_second_calendar,
    a_contact_with_a_uid_of_ones_own,
    a_contact_that_was_found,
    rows_by_column,
    row_five_of_two_tables,
    a_talk,
    talk_page_by_page,
)
