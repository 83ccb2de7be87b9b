"""The one list of notices: which facts people are told of. The API reads texts from it, the worker audiences."""

from app.activity import notices as activity
from app.admissions import notices as admissions
from app.announcements import notices as announcements
from app.care import notices as care
from app.documents import notices as documents
from app.identity import notices as identity
from app.kernel.notices import Notices
from app.meetings import notices as meetings
from app.memberships import notices as memberships
from app.minutes import notices as minutes
from app.polls import notices as polls
from app.privacy import notices as privacy
from app.reorganisations import notices as reorganisations
from app.resolutions import notices as resolutions
from app.transfers import notices as transfers

NOTICES: Notices = (
    *identity.NOTICES,
    *meetings.NOTICES,
    *transfers.NOTICES,
    *memberships.NOTICES,
    *admissions.NOTICES,
    *announcements.NOTICES,
    *documents.NOTICES,
    *polls.NOTICES,
    *resolutions.NOTICES,
    *minutes.NOTICES,
    *activity.NOTICES,
    *privacy.NOTICES,
    *reorganisations.NOTICES,
    *care.NOTICES,
)
