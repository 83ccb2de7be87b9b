"""The one list of routers; what phones ask most stands first."""

from fastapi import Depends, FastAPI

from app.activity import router as activity
from app.activity.entries import router as entries
from app.activity.summaries import router as summaries
from app.admissions import router as admissions
from app.announcements import router as announcements
from app.announcements.mine import router as my_announcements
from app.care import router as care
from app.care.contacts import router as contacts
from app.care.unreached import router as unreached
from app.changes import router as changes
from app.documents import router as documents
from app.documents.search import router as search
from app.identity import router as identity
from app.identity.devices import router as devices
from app.identity.identities import router as identities
from app.identity.second_factor import router as second_factor
from app.kernel.app_versions import refuse_old_apps
from app.kernel.db import ONE_SNAPSHOT
from app.kernel.routing import PREFIX
from app.meetings import router as meetings
from app.meetings.calendar import router as calendar
from app.meetings.course import router as course
from app.meetings.live import router as live
from app.meetings.mine import router as my_meetings
from app.meetings.reach import router as reach
from app.meetings.replies import router as replies
from app.meetings.roll import router as roll
from app.meetings.tasks import router as tasks
from app.members import router as members
from app.members.away import router as away
from app.members.duplicates import router as duplicates
from app.members.imports import router as imports
from app.members.posts import router as posts
from app.members.record_views import router as record_views
from app.members.rosters import router as rosters
from app.memberships import router as memberships
from app.minutes import router as minutes
from app.minutes.remarks import router as minutes_remarks
from app.notifications import router as notifications
from app.notifications.deliveries import router as deliveries
from app.notifications.inbox import router as inbox
from app.organisations import router as organisations
from app.organisations.succession import router as succession
from app.polls import router as polls
from app.polls.ballots import router as ballots
from app.privacy.consents import router as consents
from app.privacy.corrections import router as corrections
from app.privacy.exports import router as exports
from app.reorganisations import router as reorganisations
from app.reorganisations.trees import router as trees
from app.reports import router as reports
from app.reports.ratings import router as ratings
from app.reports.renderings import router as renderings
from app.reports.targets import router as targets
from app.resolutions import router as resolutions
from app.resolutions.comments import router as comments
from app.resolutions.decisions import router as decisions
from app.transfers import router as transfers
from app.transfers.stays import router as stays

SCREENS = (
    changes.router,
    my_meetings.me,
    inbox.me,
    my_announcements.me,
)
"""What a phone asks whenever it opens: each finds by itself who asks (`kernel.screens`)."""

ROUTERS = (
    notifications.me,
    identity.me,
    devices.me,
    second_factor.me,
    identities.me,
    meetings.router,
    polls.meetings,
    resolutions.meetings,
    replies.router,
    reach.router,
    roll.router,
    course.router,
    live.router,
    calendar.me,
    calendar.router,
    tasks.me,
    tasks.organisations,
    tasks.meetings,
    tasks.router,
    identity.auth,
    identities.auth,
    organisations.router,
    succession.router,
    reorganisations.organisations,
    reorganisations.router,
    trees.organisations,
    meetings.organisations,
    members.router,
    posts.organisations,
    posts.router,
    away.members,
    away.router,
    record_views.me,
    transfers.me,
    transfers.members,
    transfers.organisations,
    transfers.router,
    stays.router,
    memberships.members,
    memberships.router,
    admissions.members,
    admissions.organisations,
    admissions.router,
    duplicates.router,
    imports.organisations,
    rosters.organisations,
    imports.router,
    identity.members,
    second_factor.members,
    documents.me,
    documents.organisations,
    search.router,
    documents.router,
    announcements.documents,
    announcements.organisations,
    announcements.router,
    polls.me,
    polls.organisations,
    polls.router,
    decisions.polls,
    ballots.secret,
    ballots.router,
    resolutions.organisations,
    resolutions.router,
    decisions.resolutions,
    comments.resolutions,
    comments.router,
    minutes.router,
    minutes.resolutions,
    minutes_remarks.meetings,
    minutes_remarks.router,
    deliveries.organisations,
    activity.me,
    activity.organisations,
    summaries.me,
    summaries.organisations,
    entries.me,
    entries.organisations,
    entries.router,
    exports.me,
    consents.me,
    corrections.me,
    corrections.organisations,
    corrections.router,
    reports.organisations,
    renderings.organisations,
    targets.organisations,
    ratings.organisations,
    care.me,
    care.organisations,
    unreached.organisations,
    care.members,
    contacts.members,
)

well_known = identity.well_known


def serve_screens(app: FastAPI) -> None:
    """Mount what phones ask most."""
    for router in SCREENS:
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(refuse_old_apps)])


def serve_features(app: FastAPI) -> None:
    """Mount everything else, each by itself: a router of routers is looked through twice."""
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(refuse_old_apps), ONE_SNAPSHOT])
