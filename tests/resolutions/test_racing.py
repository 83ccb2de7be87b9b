"""Steps of resolutions that meet what happens to their meeting or their branch, on a database that really commits."""

from uuid import UUID

import pytest
from sqlalchemy import delete

from app.kernel.db import PooledDatabase
from app.meetings.models import Meeting
from tests.factories.meetings import SignedIn
from tests.factories.meetings import drafted as drafted_meeting
from tests.factories.resolutions import drafted, post_resolution, put_version
from tests.factories.world import World
from tests.racing import waiting


@pytest.mark.parametrize("how", ["draft", "replace"])
async def test_resolution_that_names_a_meeting_being_discarded_is_refused_by_its_pointer(
    how: str, live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    secretary = client_of(people.secretary)
    meeting_id = await drafted_meeting(secretary, people.branch_a)
    request = (
        post_resolution(secretary, people.branch_a, meeting_id=meeting_id)
        if how == "draft"
        else put_version(secretary, (await drafted(secretary, people.branch_a))["id"], meeting_id=meeting_id)
    )
    async with live.session() as discarding, live.session() as watcher:
        await discarding.execute(delete(Meeting).where(Meeting.id == UUID(meeting_id)))
        naming = await waiting(watcher, request)
        assert not naming.done()
        await discarding.commit()
    refused = await naming
    assert refused.status_code == 422, refused.text
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/meeting_id", "meeting_not_found")]
