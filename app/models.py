"""Every table of the database: Alembic's only door into the features."""

from app.activity import models as activity
from app.admissions import models as admissions
from app.announcements import models as announcements
from app.care import models as care
from app.changes import models as changes
from app.documents import models as documents
from app.identity import models as identity
from app.kernel import models as kernel
from app.kernel.db import Base
from app.meetings import models as meetings
from app.meetings.calendar import models as calendar
from app.members import models as members
from app.members.duplicates import models as duplicates
from app.members.record_views import models as record_views
from app.memberships import models as memberships
from app.minutes import models as minutes
from app.notifications import models as notifications
from app.notifications.lanes import models as lanes
from app.notifications.pace import models as pace
from app.organisations import models as organisations
from app.polls import models as polls
from app.privacy import models as privacy
from app.reorganisations import models as reorganisations
from app.reports import models as reports
from app.resolutions import models as resolutions
from app.transfers import models as transfers

__all__ = [
    "Base",
    "activity",
    "admissions",
    "announcements",
    "calendar",
    "care",
    "changes",
    "documents",
    "duplicates",
    "identity",
    "kernel",
    "lanes",
    "meetings",
    "members",
    "memberships",
    "minutes",
    "notifications",
    "organisations",
    "pace",
    "polls",
    "privacy",
    "record_views",
    "reorganisations",
    "reports",
    "resolutions",
    "transfers",
]

metadata = Base.metadata
