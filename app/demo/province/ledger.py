"""Rows on their way into the tables: ids and counters are given out here, and COPY takes the rows in batches."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from app.kernel.events import Event
from app.kernel.scopes import Op

Id = str
"""A UUID as 32 hexadecimal digits, as COPY reads it too."""

BATCH_CHARACTERS = 4_000_000
NULL = "\\N"
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62

COLUMNS: Mapping[str, str] = {
    "organisations": "id parent_id path kind code name time_zone valid_from version created_at",
    "organisation_periods": "organisation_id valid_from parent_id name",
    "members": "id organisation_id full_name sort_key search_key born_on sex card_number citizen_id phone admitted_on"
    " official_on version created_at",
    "standings": "id member_id organisation_id kind starts_on ends_on",
    "away_periods": "id member_id starts_on ends_on place time_zone version created_at",
    "posts": "id member_id organisation_id kind starts_on",
    "accounts": "id member_id password_hash created_at",
    "sessions": "id account_id installation_id platform device_name last_used_at expires_at created_at",
    "refresh_tokens": "token_hash session_id child_hash used_at created_at",
    "devices": "id installation_id account_id platform push_token locale time_zone app_version device_name updated_at"
    " created_at",
    "documents": "id organisation_id uploaded_by uploaded_at title folder file_name media_type size_bytes sha256"
    " storage_key visibility text_state version title_words",
    "meetings": "id organisation_id kind status title starts_at ends_at time_zone place version schedule_version"
    " created_by created_at announced_at started_at ended_at roll_version rule_set chair_id minute_taker_id",
    "agenda_items": "meeting_id position title minutes presenter",
    "agenda_item_documents": "meeting_id position document_id place attached_at",
    "meeting_reminders": "meeting_id audience hours_before due_at",
    "meeting_replies": "meeting_id member_id reply reason schedule_version entered_by replied_at",
    "roster_entries": "meeting_id member_id standing is_exempt is_away attendance source checked_in_at entered_by",
    "meeting_tasks": "id meeting_id organisation_id title assignee_id due_on status done_at version created_by"
    " created_at",
    "minutes": "meeting_id organisation_id status year number sections conclusion record version composed_by"
    " composed_at approved_at approved_by published_at",
    "minutes_numbers": "organisation_id year last",
    "polls": "id organisation_id subject_type subject_id question matter secrecy status rule_set electorate_count"
    " version created_by created_at opened_at closed_at for_count against_count other_count passed",
    "electors": "poll_id member_id counted",
    "votes": "poll_id member_id choice entered_by voted_at",
    "resolutions": "id organisation_id meeting_id title status version revision comments_until number number_year"
    " number_in_year decided_by_poll_id created_by created_at opened_at decided_at",
    "resolution_versions": "resolution_id version title created_by created_at",
    "resolution_paragraphs": "resolution_id version paragraph_id position text",
    "resolution_comments": "id resolution_id version paragraph_id author_id body revision created_at answer"
    " answered_by answered_at",
    "comment_supports": "comment_id member_id created_at",
    "announcements": "id organisation_id title body status audience_part audience_post_kinds needs_acknowledgement"
    " published_at version created_by created_at",
    "announcement_receipts": "announcement_id member_id opened_at acknowledged_at",
    "activity_entries": "id member_id organisation_id status title body occurred_on decided_by decided_at version"
    " created_at",
    "notifications": "id event_id type channel organisation_id subject_type subject_id params urgent"
    " breaks_quiet_hours created_at expires_at withdrawn_at audience_organisation_id audience_part"
    " audience_post_kinds addressed_on",
    "inbox_entries": "member_id notification_id created_at read_at",
    "events": "id occurred_at code organisation_id subject_type subject_id actor_member_id data",
    "changes": "scope_id object_type object_id counter version op changed_at",
    "scopes": "id counter",
}
"""The columns that are written, by table; each table stands behind those its rows refer to."""


class Ledger:
    """Takes rows for one connection's transaction; a batch is copied in the background while the next is made."""

    def __init__(self, connection: psycopg.Connection, random_: random.Random) -> None:
        """Write nothing yet; the ids come of `random_` and of the instants they are asked for."""
        self._connection = connection
        self._random = random_
        self._rows: dict[str, list[str]] = {table: [] for table in COLUMNS}
        self._size = 0
        self._counters: dict[Id, int] = defaultdict(int)
        self._scribe = ThreadPoolExecutor(max_workers=1)
        self._copying: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if error is None:
                for scope, counter in self._counters.items():
                    self.add("scopes", scope, counter)
                self._copy()
                self._wait()
        finally:
            self._scribe.shutdown()

    def new_id(self, moment: datetime) -> Id:
        """Return a UUIDv7 of an instant."""
        milliseconds = int(moment.timestamp() * 1000)
        chance = self._random.getrandbits(74)
        return f"{milliseconds << 80 | _VERSION_7 | (chance >> 62) << 64 | _VARIANT | chance & ((1 << 62) - 1):032x}"

    def add(self, table: str, *values: object) -> None:
        """Add a row, its values in the order of `COLUMNS`; tuples are arrays, dicts and lists of them JSON."""
        self.put(table, "\t".join([value if type(value) is str else _cell(value) for value in values]))

    def put(self, table: str, line: str) -> None:
        """Add a row as COPY reads it."""
        self._rows[table].append(line)
        self._size += len(line)

    def rest(self) -> None:
        """Hand over what there is, if it is a batch; called where every row has those it refers to beside it."""
        if self._size > BATCH_CHARACTERS:
            self._copy()

    def change(self, scopes: Iterable[Id], object_type: str, object_id: Id, version: int, at: datetime) -> None:
        """Add the change row of an object to each scope; an object has one, of its latest state."""
        for scope in scopes:
            self._counters[scope] = counter = self._counters[scope] + 1
            self.put("changes", f"{scope}\t{object_type}\t{object_id}\t{counter}\t{version}\t{Op.upsert}\t{at}")

    def record(
        self,
        fact: type[Event],
        *,
        at: datetime,
        organisation: Id,
        subject: Id,
        actor: Id | None,
        data: Mapping[str, Any],  # Any: JSON
    ) -> Id:
        """Add a fact and return its id; `data` are the fields that its class adds."""
        made = self.new_id(at)
        self.add("events", made, at, fact.code, organisation, fact.subject_type, subject, actor, dict(data))
        return made

    def _copy(self) -> None:
        """Hand what there is to the background, once it has written the batch before."""
        self._wait()
        batch = {table: rows for table, rows in self._rows.items() if rows}
        self._rows = {table: [] for table in COLUMNS}
        self._size = 0
        self._copying = self._scribe.submit(_copy_batch, self._connection, batch)

    def _wait(self) -> None:
        if self._copying is not None:
            self._copying.result()


def _copy_batch(connection: psycopg.Connection, batch: Mapping[str, Sequence[str]]) -> None:
    for table, rows in batch.items():
        columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table].split()))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
        with connection.cursor().copy(statement) as copy:
            copy.write("\n".join(rows) + "\n")


def _cell(value: object) -> str:
    if value is None:
        return NULL
    kind = type(value)
    if kind is dict or (kind is list and isinstance(value[0], dict)):  # type: ignore[index]
        return json.dumps(value, ensure_ascii=False).replace("\\", "\\\\")
    if kind is tuple:
        return "{" + ",".join(value) + "}"  # type: ignore[arg-type]
    return str(value)
