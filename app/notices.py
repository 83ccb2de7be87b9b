"""The one list of notices: which facts people are told of. The API reads texts from it, the worker audiences."""

from app.identity import notices as identity
from app.kernel.notices import Notices
from app.meetings import notices as meetings

NOTICES: Notices = (*identity.NOTICES, *meetings.NOTICES)
