"""The one list of routers; what phones ask most stands first."""

from fastapi import APIRouter, Depends

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
from app.meetings import router as meetings
from app.meetings.calendar import router as calendar
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
from app.transfers import router as transfers
from app.transfers.stays import router as stays

screens = APIRouter(prefix="/v1", dependencies=[Depends(refuse_old_apps)])
"""What a phone asks whenever it opens: each finds by itself who asks (`kernel.screens`)."""
screens.include_router(changes.router)
screens.include_router(my_meetings.me)
screens.include_router(inbox.me)
screens.include_router(my_announcements.me)

v1 = APIRouter(prefix="/v1", dependencies=[Depends(refuse_old_apps), ONE_SNAPSHOT])
v1.include_router(notifications.me)
v1.include_router(identity.me)
v1.include_router(devices.me)
v1.include_router(second_factor.me)
v1.include_router(identities.me)
v1.include_router(meetings.router)
v1.include_router(replies.router)
v1.include_router(reach.router)
v1.include_router(roll.router)
v1.include_router(live.router)
v1.include_router(calendar.me)
v1.include_router(calendar.router)
v1.include_router(tasks.me)
v1.include_router(tasks.organisations)
v1.include_router(tasks.meetings)
v1.include_router(tasks.router)
v1.include_router(identity.auth)
v1.include_router(identities.auth)
v1.include_router(organisations.router)
v1.include_router(succession.router)
v1.include_router(reorganisations.organisations)
v1.include_router(reorganisations.router)
v1.include_router(trees.organisations)
v1.include_router(meetings.organisations)
v1.include_router(members.router)
v1.include_router(posts.organisations)
v1.include_router(posts.router)
v1.include_router(away.members)
v1.include_router(away.router)
v1.include_router(record_views.me)
v1.include_router(transfers.me)
v1.include_router(transfers.members)
v1.include_router(transfers.organisations)
v1.include_router(transfers.router)
v1.include_router(stays.router)
v1.include_router(memberships.members)
v1.include_router(memberships.router)
v1.include_router(admissions.members)
v1.include_router(admissions.organisations)
v1.include_router(admissions.router)
v1.include_router(duplicates.router)
v1.include_router(imports.organisations)
v1.include_router(rosters.organisations)
v1.include_router(imports.router)
v1.include_router(identity.members)
v1.include_router(second_factor.members)
v1.include_router(documents.me)
v1.include_router(documents.organisations)
v1.include_router(search.router)
v1.include_router(documents.router)
v1.include_router(announcements.organisations)
v1.include_router(announcements.router)
v1.include_router(polls.me)
v1.include_router(polls.organisations)
v1.include_router(polls.router)
v1.include_router(ballots.router)
v1.include_router(resolutions.organisations)
v1.include_router(resolutions.router)
v1.include_router(comments.resolutions)
v1.include_router(comments.router)
v1.include_router(minutes.router)
v1.include_router(minutes.resolutions)
v1.include_router(minutes_remarks.meetings)
v1.include_router(minutes_remarks.router)
v1.include_router(deliveries.organisations)
v1.include_router(activity.me)
v1.include_router(activity.organisations)
v1.include_router(summaries.me)
v1.include_router(summaries.organisations)
v1.include_router(entries.me)
v1.include_router(entries.organisations)
v1.include_router(entries.router)
v1.include_router(exports.me)
v1.include_router(consents.me)
v1.include_router(corrections.me)
v1.include_router(corrections.organisations)
v1.include_router(corrections.router)
v1.include_router(reports.organisations)
v1.include_router(renderings.organisations)
v1.include_router(targets.organisations)
v1.include_router(ratings.organisations)
v1.include_router(care.me)
v1.include_router(care.organisations)
v1.include_router(unreached.organisations)
v1.include_router(care.members)
v1.include_router(contacts.members)

well_known = identity.well_known
