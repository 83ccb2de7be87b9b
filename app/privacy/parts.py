"""What an export holds, a `Part` for each thing that is kept about a member, and what is left out and why."""

from app.privacy.parts_of_branch import OF_BRANCH
from app.privacy.parts_of_person import OF_PERSON
from app.privacy.parts_of_standing import OF_STANDING

PARTS = (*OF_PERSON, *OF_BRANCH, *OF_STANDING)
"""In the order of the export. A new table about members is one more, or stands below."""

ACT = "an act for the organisation: the log has it, and so the part `acts`"

LEFT_OUT = {
    "activation_codes.issued_by": ACT,
    "announcements.created_by": ACT,
    "meetings.created_by": ACT,
    "meetings.chair_id": ACT,
    "meetings.minute_taker_id": ACT,
    "correction_requests.decided_by": ACT,
    "meeting_guests.entered_by": ACT,
    "meeting_replies.entered_by": ACT,
    "meeting_tasks.created_by": ACT,
    "minutes.composed_by": ACT,
    "minutes.approved_by": ACT,
    "minutes_remarks.answered_by": ACT,
    "polls.created_by": ACT,
    "resolutions.created_by": ACT,
    "resolution_versions.created_by": ACT,
    "resolution_comments.answered_by": ACT,
    "roster_entries.entered_by": ACT,
    "votes.entered_by": ACT,
    "activity_entries.decided_by": ACT,
    "reorganisations.planned_by": ACT,
    "transfers.started_by": ACT,
    "transfers.decided_by": ACT,
    "standing_decisions.entered_by": ACT,
    "candidacies.entered_by": ACT,
    "candidacy_steps.entered_by": ACT,
    "candidacies.mentor_1_id": "a candidate's record, of whom the caller is a mentor",
    "candidacies.mentor_2_id": "a candidate's record, of whom the caller is a mentor",
    "admission_targets.set_by": ACT,
    "committee_targets.set_by": ACT,
    "member_ratings.rated_by": ACT,
    "nudges.nudged_by": ACT,
    "proxy_contacts.entered_by": ACT,
    "distinct_members.first_id": "says of somebody else's record that it is not the caller's",
    "distinct_members.second_id": "says of somebody else's record that it is not the caller's",
    "distinct_members.said_by": ACT,
    "record_views.viewer_id": "says whose record somebody else's is; that the caller looked is in `acts`",
    "refresh_tokens.session_id": "secrets, by their hashes; the session they belong to is in `sessions`",
    "idempotency_keys.account_id": "answers given before, which are other parts' rows, gone after 30 days",
}
"""Columns that name a member, an account or a session and make no part, each with the reason."""
