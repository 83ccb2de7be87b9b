"""Every table of the database: Alembic's only door into the features."""

from app.identity import models as identity
from app.kernel import models as kernel
from app.kernel.db import Base
from app.meetings import models as meetings
from app.members import models as members
from app.members.posts import models as posts
from app.notifications import models as notifications
from app.organisations import models as organisations

__all__ = ["Base", "identity", "kernel", "meetings", "members", "notifications", "organisations", "posts"]

metadata = Base.metadata
