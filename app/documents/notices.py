"""Which facts of documents people are told of, whom, and in which words."""

from app.kernel.notices import Notices

NOTICES: Notices = ()
