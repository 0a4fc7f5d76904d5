"""The tools that the corpus uses, named and shaped like those of Nextcloud's MCP server, and some others."""

NOTES = (
    "nc_notes_create_note(title, content, category)",
    "nc_notes_get_note(note_id:int)!",
    "nc_notes_update_note(note_id:int, etag, title, content, category)",
    "nc_notes_append_content(note_id:int, content)",
    "nc_notes_search_notes(query)!",
    "nc_notes_delete_note(note_id:int)",
)
SHARES = (
    "nc_share_create(path, share_with?, share_type?:int, permissions?:int)",
    "nc_share_list(path?, shared_with_me?:bool)!",
    "nc_share_update(share_id:int, permissions:int)",
    "nc_share_delete(share_id:int)",
)
FILES = (
    "nc_webdav_list_directory(path?)!",
    "nc_webdav_read_file(path)!",
    "nc_webdav_write_file(path, content, content_type?, if_match?)",
    "nc_webdav_create_directory(path)",
    "nc_webdav_delete_resource(path)",
    "nc_webdav_move_resource(source_path, destination_path, overwrite?:bool)",
)
DECK = (
    "deck_get_boards()!",
    "deck_get_stacks(board_id:int)!",
    "deck_get_card(board_id:int, stack_id:int, card_id:int)!",
    "deck_create_board(title, color)",
    "deck_create_stack(board_id:int, title, order:int)",
    "deck_delete_stack(board_id:int, stack_id:int)",
    "deck_create_card(board_id:int, stack_id:int, title, type?, order?:int, description?)",
    "deck_update_card(board_id:int, stack_id:int, card_id:int, title?, description?)",
    "deck_delete_card(board_id:int, stack_id:int, card_id:int)",
    "deck_create_label(board_id:int, title, color)",
    "deck_delete_label(board_id:int, label_id:int)",
    "deck_assign_label_to_card(board_id:int, stack_id:int, card_id:int, label_id:int)",
    "deck_assign_user_to_card(board_id:int, stack_id:int, card_id:int, user_id)",
    (
        "deck_move_card_to_board(source_board_id:int, source_stack_id:int, card_id:int, target_board_id:int, "
        "target_stack_id:int, order?:int)"
    ),
    "deck_create_card_comment(card_id:int, message, parent_id?:int)",
    "deck_get_card_comments(card_id:int, limit?:int, offset?:int)!",
    "deck_delete_card_comment(card_id:int, comment_id:int)",
)
CALENDAR = (
    "nc_calendar_list_calendars()!",
    (
        "nc_calendar_create_event(calendar_name, title, start_datetime, end_datetime?, all_day?:bool, "
        "description?, reminder_minutes?:int)"
    ),
    "nc_calendar_list_events(calendar_name, start_date?, end_date?, limit?:int)!",
    "nc_calendar_get_event(calendar_name, event_uid)!",
    "nc_calendar_update_event(calendar_name, event_uid, title?, start_datetime?)",
    "nc_calendar_delete_event(calendar_name, event_uid)",
    "nc_calendar_create_todo(calendar_name, summary, priority?:int, due?)",
    "nc_calendar_complete_todo(calendar_name, todo_uid, etag?)",
    "nc_calendar_delete_todo(calendar_name, todo_uid)",
)
CONTACTS = (
    "nc_contacts_list_addressbooks()!",
    "nc_contacts_create_contact(addressbook, uid, contact_data:dict)",
    "nc_contacts_search_contacts(query, addressbook?)!",
    "nc_contacts_update_contact(addressbook, uid, contact_data:dict, etag?)",
    "nc_contacts_delete_contact(addressbook, uid)",
)
TABLES = (
    "nc_tables_list_tables()!",
    "nc_tables_get_schema(table_id:int)!",
    "nc_tables_read_table(table_id:int, limit?:int, offset?:int)!",
    "nc_tables_insert_row(table_id:int, data:dict)",
    "nc_tables_update_row(row_id:int, data:dict)",
    "nc_tables_delete_row(row_id:int)",
)
TALK = (
    "talk_list_conversations()!",
    "talk_create_conversation(room_name, room_type:int, invite?)",
    "talk_send_message(token, message, reply_to?:int)",
    "talk_get_messages(token, limit?:int, last_known_message_id?:int)!",
    "talk_react(token, message_id:int, reaction)",
    "talk_add_participant(token, participant, source?)",
    "talk_mark_as_read(token, last_read_message?:int)",
)
COOKBOOK = (
    "nc_cookbook_create_recipe(name, description?, ingredients?:list, recipe_yield?:int)",
    "nc_cookbook_list_recipes()!",
    "nc_cookbook_get_recipe(recipe_id:int)!",
    "nc_cookbook_delete_recipe(recipe_id:int)",
    "nc_cookbook_list_categories()!",
    "nc_cookbook_get_recipes_in_category(category)!",
)
COLLECTIVES = (
    "collectives_get_collectives()!",
    "collectives_create_collective(name, emoji?)",
    "collectives_delete_collective(collective_id:int)",
    "collectives_get_pages(collective_id:int)!",
    "collectives_create_page(collective_id:int, parent_id:int, title)",
    "collectives_trash_page(collective_id:int, page_id:int)",
)
MAIL = (
    "nc_mail_list_accounts()!",
    "nc_mail_list_mailboxes(account_id:int)!",
    "nc_mail_list_messages(mailbox_id:int, cursor?:int, limit?:int)!",
    "nc_mail_get_message(message_id:int)!",
    "nc_mail_set_flags(message_id:int, seen?:bool, flagged?:bool)",
)
NEWS = (
    "nc_news_list_feeds()!",
    "nc_news_list_items(feed_id?:int, limit?:int, offset?:int)!",
    "nc_news_get_item(item_id:int)!",
)
TRACKER = (
    "tracker.issues.create(projectKey, summary, fields?:dict)",
    "tracker.issues.link(fromIssue, toIssue, kind)",
    "tracker.issues.get(issueId)!",
    "tracker.issues.delete(issueId)",
    "tracker.http(method, url, body?)",
    "tracker.search(query, cursor?, pageSize?:int)!",
)
