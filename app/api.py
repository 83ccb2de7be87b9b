"""The one list of routers; what phones ask most stands first."""

from fastapi import APIRouter

from app.identity import router as identity
from app.identity.devices import router as devices
from app.meetings import router as meetings
from app.meetings.replies import router as replies
from app.members import router as members
from app.members.away import router as away
from app.members.imports import router as imports
from app.members.posts import router as posts
from app.notifications import router as notifications
from app.organisations import router as organisations

v1 = APIRouter(prefix="/v1")
v1.include_router(meetings.me)
v1.include_router(notifications.me)
v1.include_router(identity.me)
v1.include_router(devices.me)
v1.include_router(meetings.router)
v1.include_router(replies.router)
v1.include_router(identity.auth)
v1.include_router(organisations.router)
v1.include_router(meetings.organisations)
v1.include_router(members.router)
v1.include_router(posts.organisations)
v1.include_router(posts.router)
v1.include_router(away.members)
v1.include_router(away.router)
v1.include_router(imports.organisations)
v1.include_router(imports.router)
v1.include_router(identity.members)

well_known = identity.well_known
