"""The state as rows of the database, with the change rows that phones catch up by and the facts of the log."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from app.activity.models import ActivityEntry
from app.admissions.models import Candidacy, CandidacyStep
from app.announcements.models import Announcement, AnnouncementDocument, AnnouncementReceipt
from app.care.models import ProxyContact
from app.documents.models import Document, DocumentBookmark
from app.documents.store import DocumentStore
from app.identity.models import Account, Device, LinkedIdentity, LoginSession
from app.kernel.db import Base, Session
from app.kernel.models import EventRow
from app.kernel.scopes import Change, bump
from app.meetings.calendar.models import CalendarFeed
from app.meetings.models import (
    AgendaItem,
    Meeting,
    MeetingGuest,
    MeetingReply,
    MeetingTask,
    RosterEntry,
)
from app.members.models import AwayPeriod, Member, Post, Standing
from app.members.names import search_key, sort_key
from app.memberships.models import StandingDecision
from app.minutes.models import Minutes, MinutesPaper, MinutesRemark
from app.notifications.models import InboxEntry, Notification
from app.organisations.models import Organisation, OrganisationPeriod
from app.polls.models import Ballot, Elector, Participation, Poll, Vote
from app.privacy.models import CorrectionRequest
from app.reorganisations.models import Reorganisation, ReorganisationKind, ReorganisationStatus
from app.reorganisations.plans import Plan
from app.resolutions.models import Resolution, ResolutionComment, ResolutionParagraph, ResolutionVersion
from app.rules import RULE_SETS
from app.transfers.models import Transfer
from tests.factories.world import HANOI, PASSWORD_HASH
from tests.isolation import state as thought
from tests.isolation.invention import LONG_AGO
from tests.isolation.model import BEGUN, OVER
from tests.isolation.state import State

Row = dict[str, Any]  # Any: columns of several types
BORN_ON = date(1990, 5, 19)
ScopedChange = tuple[UUID, str, UUID]
"""The scope, the type of the object, its id."""


Things = Mapping[str, Callable[[State], Iterable[Any]]]
_IN_ITS_ORGANISATION: Things = {
    **dict.fromkeys(("meeting", "roll", "minutes"), lambda state: state.meetings),
    "task": lambda state: state.tasks,
    "poll": lambda state: state.polls,
    "resolution": lambda state: state.resolutions,
    "comment": lambda state: state.comments,
    "announcement": lambda state: state.announcements,
    "document": lambda state: state.documents,
    "activity_entry": lambda state: state.entries,
}
_AND_OF_SOMEBODY = {"task": "assignee", "document": "uploader", "activity_entry": "member"}


def changes_of(state: State) -> list[ScopedChange]:
    """Return in which scopes each object's change row stands: who may see it has one of them."""
    told: list[ScopedChange] = []

    def tell(kind: str, identifier: UUID, *scopes: UUID) -> None:
        told.extend((scope, kind, identifier) for scope in scopes)

    for place in state.organisations:
        tell("organisation", place.id, place.id, *(one.id for one in (place.parent, place.successor) if one))
    for person in state.people:
        # Whoever hosts a guest, and then is merged, tells nobody of the guest again.
        kept = {one.organisation.id for one in person.standings if one.kind != "temporary_guest"}
        homes = sorted(kept | {person.organisation.id})
        tell("member", person.id, person.id, *homes)
        for post in person.posts:
            tell("post", post.id, person.id, post.organisation.id)
        for away in person.aways:
            tell("away_period", away.id, person.id, *homes)
    for kind, things in _IN_ITS_ORGANISATION.items():
        for thing in things(state):
            somebody = [getattr(thing, _AND_OF_SOMEBODY[kind]).id] if kind in _AND_OF_SOMEBODY else []
            tell(kind, thing.id, thing.organisation.id, *somebody)
    for notice in state.notices:
        scopes = [one.id for one in notice.inboxes]
        tell("notification", notice.id, *scopes, *([notice.organisation.id] if notice.audience else []))
    return told


class Rows:
    """Gathers the rows of every table."""

    def __init__(self, state: State, now: datetime) -> None:
        self.state = state
        self.now = now
        self._rows: dict[Table, list[Row]] = defaultdict(list)
        self._serial = count(1)

    def _add(self, model: type[Base], **columns: Any) -> None:  # Any: columns of several types
        table = model.__table__
        assert isinstance(table, Table)
        self._rows[table].append(columns)

    def _fact(
        self,
        code: str,
        kind: str,
        thing: thought.Thing | thought.Correction | thought.Decision,
        by: thought.Person | None = None,
    ) -> None:
        """By somebody; what is of records by the last of all people, whom few know otherwise."""
        by, doers = (by, self.state.doers) if by else (self.state.people[-1], self.state.recorders)
        at = self.now - timedelta(days=1)
        self._add(
            EventRow,
            id=UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | next(self._serial)),
            occurred_at=at,
            code=code,
            organisation_id=thing.organisation.id,
            subject_type=kind,
            subject_id=thing.id,
            actor_member_id=by.id,
            data={},
        )
        doers.add((thing.organisation, by))

    async def write(self, session: Session, store: DocumentStore) -> None:
        """Write all of it into a migrated, empty database, and the files into the store."""
        self._tree()
        self._people()
        state = self.state
        parts: tuple[tuple[list[Any], Callable[[Any], None]], ...] = (  # Any: each of its own kind
            (state.meetings, self._meeting),
            (state.resolutions, self._resolution),
            (state.tasks, self._task),
            (state.polls, self._poll),
            (state.documents, self._document),
            (state.announcements, self._announcement),
            (state.entries, self._entry),
            (state.notices, self._notice),
            (state.corrections, self._correction),
            (state.decisions, self._decision),
            (state.transfers, self._transfer),
            (state.candidacies, self._candidacy),
            (state.plans, self._plan),
            (state.contacts, self._contact),
        )
        for things, add in parts:
            for thing in things:
                add(thing)
        for document in state.documents:
            await store.write(document.id.hex, document.content.encode())
        for table in Base.metadata.sorted_tables:  # what is referred to comes first
            if rows := self._rows.get(table):
                columns = set().union(*rows)
                await session.execute(insert(table), [dict.fromkeys(columns) | row for row in rows])
        told = [Change(scope, kind, identifier, 1) for scope, kind, identifier in changes_of(self.state)]
        await bump(session, told, at=self.now)

    def _tree(self) -> None:
        for place in self.state.organisations:
            above = place.above.id if place.above else None
            self._add(
                Organisation,
                id=place.id,
                parent_id=above,
                path=[one.id for one in place.line],
                kind=place.kind,
                name=place.name,
                time_zone=HANOI,
                valid_from=place.begun_on,
                version=1,
                created_at=self.now,
            )
            self._add(
                OrganisationPeriod,
                organisation_id=place.id,
                valid_from=place.begun_on,
                parent_id=above,
                name=place.name,
            )

    def _people(self) -> None:
        for person in self.state.people:
            self._add(
                Member,
                id=person.id,
                organisation_id=person.organisation.id,
                full_name=person.name,
                sort_key=sort_key(person.name),
                search_key=search_key(person.name),
                card_number=person.card,
                phone=person.phone,
                citizen_id=person.citizen_id,
                born_on=BORN_ON,
                version=1,
                created_at=self.now,
            )
            self._account(person)
            for one in person.standings:
                self._add(Standing, member_id=person.id, **standing_row(one))
            for post in person.posts:
                self._add(
                    Post,
                    id=post.id,
                    member_id=person.id,
                    organisation_id=post.organisation.id,
                    kind=post.kind,
                    starts_on=post.starts_on,
                    ends_on=post.ends_on,
                )
            for away in person.aways:
                self._add(
                    AwayPeriod,
                    id=away.id,
                    member_id=person.id,
                    starts_on=away.starts_on,
                    ends_on=away.ends_on,
                    place=away.place,
                    time_zone="Europe/Berlin",
                    version=1,
                    created_at=self.now,
                )

    def _account(self, person: thought.Person) -> None:
        self._add(Account, id=person.account, member_id=person.id, password_hash=PASSWORD_HASH, created_at=self.now)
        common: Row = {"account_id": person.account, "installation_id": person.installation, "platform": "android"}
        self._add(
            LoginSession,
            id=person.session,
            **common,
            device_name=person.device,
            last_used_at=self.now,
            expires_at=self.now + timedelta(days=4_000),
            created_at=self.now,
            revoked_at=None if person.is_signed_in else self.now,
        )
        self._add(
            Device,
            id=person.installation,
            **common,
            push_token=person.installation.hex,
            locale="vi",
            time_zone=HANOI,
            app_version="1.0.0",
            device_name=person.device,
            updated_at=self.now,
            created_at=self.now,
        )
        self._add(
            CalendarFeed,
            id=person.account,
            account_id=person.account,
            secret_hash=hashlib.sha256(person.calendar.encode()).digest(),
            created_at=self.now,
        )
        self._add(
            LinkedIdentity,
            id=person.identity,
            account_id=person.account,
            provider="vneid",
            subject=person.identity.hex,
            created_at=self.now,
        )

    def _meeting(self, meeting: thought.Meeting) -> None:
        begun = meeting.status in BEGUN
        by = next(iter(meeting.roster), self.state.people[0])
        place = meeting.organisation.id
        self._add(
            Meeting,
            id=meeting.id,
            organisation_id=place,
            kind=meeting.kind,
            status=meeting.status,
            title=meeting.title,
            starts_at=meeting.starts_at,
            time_zone=HANOI,
            place=meeting.place,
            reason=meeting.reason,
            version=1,
            schedule_version=1,
            roll_version=1,
            created_by=by.id,
            created_at=self.now,
            started_at=meeting.starts_at if begun else None,
            ended_at=meeting.starts_at + timedelta(hours=2) if meeting.status in OVER else None,
            rule_set=RULE_SETS[0].key if begun else None,
            check_in_secret=b"s" * 32 if begun else None,
            chair_id=meeting.chair.id if meeting.chair else None,
            minute_taker_id=meeting.minute_taker.id if meeting.minute_taker else None,
        )
        self._add(AgendaItem, meeting_id=meeting.id, position=1, title=meeting.agenda)
        for person, reason in meeting.replies.items():
            self._add(
                MeetingReply,
                meeting_id=meeting.id,
                member_id=person.id,
                reply="absent",
                reason=reason,
                schedule_version=1,
                entered_by=person.id,
                replied_at=self.now,
            )
            self._fact("meetings.replied", "meeting", meeting, person)
        for person, line in meeting.roster.items():
            self._add(
                RosterEntry,
                meeting_id=meeting.id,
                member_id=person.id,
                standing="temporary_guest" if line.is_visiting else "official",
                is_exempt=False,
                is_away=False,
                attendance=line.attendance,
                source="secretary" if line.attendance else None,
                arrived_offline=False,
                note=line.note,
            )
        for guest in meeting.guests:
            self._add(MeetingGuest, id=guest.id, meeting_id=meeting.id, full_name=guest.name, entered_by=by.id)
        if meeting.minutes is not None:
            self._minutes(meeting, meeting.minutes, by)
        self._fact("meetings.scheduled", "meeting", meeting, by)
        if meeting.status != "draft":
            self._fact("meetings.announced", "meeting", meeting, by)

    def _minutes(self, meeting: thought.Meeting, minutes: thought.Minutes, by: thought.Person) -> None:
        is_frozen = minutes.paper is not None
        self._add(
            Minutes,
            meeting_id=meeting.id,
            organisation_id=meeting.organisation.id,
            status=minutes.status,
            year=self.now.year if is_frozen else None,
            number=next(self._serial) if is_frozen else None,
            sections=[{"heading": minutes.section, "body": None}],
            conclusion=minutes.conclusion,
            version=1,
            composed_by=by.id,
            composed_at=self.now,
            approved_at=self.now if is_frozen else None,
            approved_by=minutes.approver.id if minutes.approver else None,
            published_at=self.now if minutes.status == "published" else None,
        )
        for remark in meeting.remarks:
            self._add(
                MinutesRemark,
                id=remark.id,
                meeting_id=meeting.id,
                member_id=remark.author.id,
                body=remark.body,
                created_at=self.now,
                taken=True,
                answer=remark.answer,
                answered_by=by.id,
                answered_at=self.now,
            )
        if minutes.paper is not None:
            content = f"%PDF-1.7 {minutes.paper}".encode()
            self._add(MinutesPaper, meeting_id=meeting.id, content=content, sha256=meeting.id.hex * 2, made_at=self.now)
        self._fact("minutes.edited", "minutes", meeting, by)

    def _task(self, task: thought.Task) -> None:
        self._add(
            MeetingTask,
            id=task.id,
            meeting_id=task.meeting.id,
            organisation_id=task.organisation.id,
            title=task.title,
            detail=task.detail,
            assignee_id=task.assignee.id,
            due_on=self.now.date() + timedelta(days=9),
            status=task.status,
            done_at=self.now if task.status == "done" else None,
            closing_note=task.note,
            version=1,
            created_by=task.assignee.id,
            created_at=self.now,
        )
        self._fact("meetings.task_given", "task", task, task.assignee)

    def _resolution(self, resolution: thought.Resolution) -> None:
        place, by = resolution.organisation.id, self.state.people[0]
        is_adopted = resolution.status == "adopted"
        number = next(self._serial) if is_adopted else None
        self._add(
            Resolution,
            id=resolution.id,
            organisation_id=place,
            meeting_id=resolution.meeting.id if resolution.meeting else None,
            title=resolution.texts[-1].title,
            status=resolution.status,
            version=len(resolution.texts),
            revision=1,
            comments_until=resolution.comments_until,
            number=f"Số {number}-NQ/CB" if is_adopted else None,
            number_year=self.now.year if is_adopted else None,
            number_in_year=number,
            reason=resolution.reason,
            decided_by_poll_id=next(one.id for one in self.state.polls if one.subject is resolution)
            if is_adopted
            else None,
            created_by=by.id,
            created_at=self.now,
            decided_at=self.now if is_adopted else None,
        )
        for version, text in enumerate(resolution.texts, start=1):
            of = {"resolution_id": resolution.id, "version": version}
            self._add(ResolutionVersion, **of, title=text.title, created_by=by.id, created_at=self.now)
            self._add(ResolutionParagraph, **of, paragraph_id=resolution.paragraph_id, position=1, text=text.paragraph)
        for comment in resolution.comments:
            self._add(
                ResolutionComment,
                id=comment.id,
                resolution_id=resolution.id,
                version=comment.version,
                paragraph_id=resolution.paragraph_id,
                author_id=comment.author.id,
                body=comment.body,
                revision=1,
                created_at=self.now,
                answer="taken" if comment.answer else None,
                answer_body=comment.answer,
                answered_by=by.id if comment.answer else None,
                answered_at=self.now if comment.answer else None,
            )
            self._fact("resolutions.commented", "comment", comment, comment.author)
        self._fact("resolutions.adopted" if is_adopted else "resolutions.drafted", "resolution", resolution, by)

    def _poll(self, poll: thought.Poll) -> None:
        begun, over = poll.status != "draft", poll.status == "closed"
        by = self.state.people[0]
        voted = len(poll.voters)
        self._add(
            Poll,
            id=poll.id,
            organisation_id=poll.organisation.id,
            subject_type="meeting" if isinstance(poll.subject, thought.Meeting) else "resolution",
            subject_id=poll.subject.id,
            question=poll.question,
            matter="resolution",
            secrecy=poll.secrecy,
            status=poll.status,
            for_committee=poll.for_committee,
            rule_set=RULE_SETS[0].key if begun else None,
            electorate_count=len(poll.electors) if begun else None,
            version=1,
            created_by=by.id,
            created_at=self.now,
            opened_at=self.now if begun else None,
            closed_at=self.now if over else None,
            for_count=voted if over else None,
            against_count=0 if over else None,
            other_count=0 if over else None,
            passed=True if over else None,
        )
        for person in poll.electors:
            self._add(Elector, poll_id=poll.id, member_id=person.id, counted="always")
        for person in poll.voters:
            if poll.secrecy == "secret":
                self._add(Participation, poll_id=poll.id, voter=person.id)
                self._add(Ballot, id=UUID(int=person.id.int ^ poll.id.int), poll_id=poll.id, choice="for")
            else:
                self._add(
                    Vote, poll_id=poll.id, member_id=person.id, choice="for", entered_by=person.id, voted_at=self.now
                )
        self._fact("polls.closed" if over else "polls.drafted", "poll", poll, by)

    def _document(self, document: thought.Document) -> None:
        self._add(
            Document,
            id=document.id,
            organisation_id=document.organisation.id,
            uploaded_by=document.uploader.id,
            uploaded_at=self.now,
            title=document.title,
            title_words=document.title,
            folder=document.folder,
            file_name=f"{document.file_name}.pdf",
            media_type="application/pdf",
            size_bytes=len(document.content),
            sha256=document.id.hex * 2,
            storage_key=document.id.hex,
            visibility=document.visibility,
            text_state="none",
            version=1,
        )
        for person in document.keepers:
            self._add(DocumentBookmark, member_id=person.id, document_id=document.id, created_at=self.now)
        self._fact("documents.uploaded", "document", document, document.uploader)

    def _announcement(self, announcement: thought.Announcement) -> None:
        by = self.state.people[0]
        self._add(
            Announcement,
            id=announcement.id,
            organisation_id=announcement.organisation.id,
            title=announcement.title,
            body=announcement.body,
            status=announcement.status,
            audience_part=announcement.audience.part,
            audience_post_kinds=list(announcement.audience.post_kinds),
            needs_acknowledgement=True,
            expires_at=announcement.expires_at,
            published_at=None if announcement.status == "draft" else self.now - timedelta(days=20),
            withdrawn_at=self.now if announcement.status == "withdrawn" else None,
            version=1,
            created_by=by.id,
            created_at=self.now - timedelta(days=20),
        )
        for position, document in enumerate(announcement.documents):
            self._add(
                AnnouncementDocument,
                announcement_id=announcement.id,
                document_id=document.id,
                position=position,
            )
        for person in announcement.acknowledged:
            self._add(
                AnnouncementReceipt,
                announcement_id=announcement.id,
                member_id=person.id,
                opened_at=self.now,
                acknowledged_at=self.now,
            )
        code = "announcements.drafted" if announcement.status == "draft" else "announcements.published"
        self._fact(code, "announcement", announcement, by)

    def _entry(self, entry: thought.Entry) -> None:
        is_decided = entry.status != "submitted"
        self._add(
            ActivityEntry,
            id=entry.id,
            member_id=entry.member.id,
            organisation_id=entry.organisation.id,
            status=entry.status,
            title=entry.title,
            body=entry.body,
            occurred_on=self.now.date(),
            reason=entry.reason,
            decided_by=entry.member.id if is_decided else None,
            decided_at=self.now if is_decided else None,
            version=1,
            created_at=self.now,
        )
        self._fact("activity.entry_submitted", "activity_entry", entry, entry.member)

    def _notice(self, notice: thought.Notice) -> None:
        audience = notice.audience
        self._add(
            Notification,
            id=notice.id,
            event_id=notice.id,
            type="announcement_published",
            channel="announcement",
            organisation_id=notice.organisation.id,
            subject_type="announcement",
            subject_id=notice.id,
            params={"title": notice.title, "needs_acknowledgement": True},
            urgent=False,
            breaks_quiet_hours=False,
            created_at=self.now,
            expires_at=self.now + timedelta(days=1),
            withdrawn_at=self.now if notice.is_withdrawn else None,
            audience_organisation_id=audience.organisation.id if audience else None,
            audience_part=audience.part if audience else None,
            audience_post_kinds=list(audience.post_kinds) if audience else None,
            addressed_on=notice.addressed_on if audience else None,
        )
        for person in notice.inboxes:
            self._add(
                InboxEntry,
                member_id=person.id,
                notification_id=notice.id,
                created_at=self.now,
                read_at=self.now if audience else None,
            )

    def _correction(self, correction: thought.Correction) -> None:
        is_rejected = correction.status == "rejected"
        self._add(
            CorrectionRequest,
            id=correction.id,
            member_id=correction.member.id,
            field=correction.field,
            value=correction.value,
            reason=correction.reason,
            status=correction.status,
            answer=correction.answer,
            decided_by=self.state.people[0].id if is_rejected else None,
            decided_at=self.now if is_rejected else None,
            created_at=self.now,
        )
        self._fact("privacy.correction_requested", "correction_request", correction)

    def _decision(self, decision: thought.Decision) -> None:
        self._add(
            StandingDecision,
            id=decision.id,
            member_id=decision.member.id,
            organisation_id=decision.made_in.id,
            kind="exempt",
            starts_on=LONG_AGO,
            reason=decision.reason,
            decision_number=decision.number,
            version=1,
            entered_by=self.state.people[0].id,
            created_at=self.now,
            revoked_at=self.now if decision.mistake else None,
            revoked_because=decision.mistake,
        )
        self._fact("memberships.standing_begun", "standing", decision)

    def _transfer(self, transfer: thought.Transfer) -> None:
        today = self.now.date()
        is_accepted = transfer.status == "accepted"
        self._add(
            Transfer,
            id=transfer.id,
            member_id=transfer.member.id,
            kind=transfer.kind,
            for_study=False,
            status=transfer.status,
            from_organisation_id=transfer.organisation.id,
            to_organisation_id=transfer.to.id if transfer.to else None,
            to_place=transfer.to_place,
            letter_number=transfer.letter,
            letter_on=today - timedelta(days=9),
            until=today + timedelta(days=200) if transfer.kind == "temporary" else None,
            received_on=today - timedelta(days=2) if is_accepted else None,
            reason=transfer.reason,
            rule_set=RULE_SETS[0].key,
            present_by=today + timedelta(days=30),
            due_on=today + timedelta(days=80),
            version=1,
            started_by=self.state.people[0].id,
            created_at=self.now,
            decided_by=None if transfer.status == "started" else self.state.people[0].id,
            decided_at=None if transfer.status == "started" else self.now,
        )
        self._fact("transfers.started", "transfer", transfer)

    def _plan(self, plan: thought.Plan) -> None:
        kind, place = ReorganisationKind.renaming, plan.organisation.id
        said = Plan(kind=kind, organisation_id=place, name=plan.name, reason=plan.reason)
        self._add(
            Reorganisation,
            id=plan.id,
            organisation_id=place,
            kind=kind,
            status=ReorganisationStatus.planned,
            effective_on=self.now.date() + timedelta(days=300),
            reason=plan.reason,
            plan=said.model_dump(mode="json"),
            involved=[one.id for one in plan.involved],
            planned_by=self.state.people[0].id,
            planned_at=self.now,
            version=1,
        )

    def _contact(self, contact: thought.Contact) -> None:
        self._add(
            ProxyContact,
            member_id=contact.member.id,
            full_name=contact.name,
            relation=contact.relation,
            phone=contact.phone,
            note=contact.note,
            entered_by=self.state.people[0].id,
            entered_at=self.now,
        )

    def _candidacy(self, candidacy: thought.Candidacy) -> None:
        first, second = candidacy.mentors
        by = self.state.people[0].id
        self._add(
            Candidacy,
            id=candidacy.id,
            member_id=candidacy.candidate.id,
            organisation_id=candidacy.organisation.id,
            status="dropped" if candidacy.dropped else "pool",
            source="residents",
            mentor_1_id=first.id,
            mentor_2_id=second.id,
            certificate_number=candidacy.certificate,
            certified_on=LONG_AGO,
            dropped_because=candidacy.dropped,
            rule_set=RULE_SETS[0].key,
            version=1,
            entered_by=by,
            created_at=self.now,
        )
        step = RULE_SETS[0].dossier[0].code
        self._add(
            CandidacyStep,
            candidacy_id=candidacy.id,
            step=step,
            done_on=LONG_AGO,
            note=candidacy.note,
            entered_by=by,
        )
        self._fact("admissions.candidate_entered", "candidacy", candidacy)


def standing_row(one: thought.Standing) -> Row:
    """Return the columns of a standing but for whose it is."""
    return {
        "id": one.id,
        "organisation_id": one.organisation.id,
        "kind": one.kind,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
    }
