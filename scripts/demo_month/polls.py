"""The votes."""

from demo_month.branch import Branch
from demo_month.phone import expect
from demo_month.telling import line, refused, title


def vote(branch: Branch) -> None:
    """An open poll on the resolution, a secret one on a recognition."""
    title("Biểu quyết công khai nghị quyết; bỏ phiếu kín công nhận chính thức", "an open poll and a secret one")
    question = {"question": "Thông qua nghị quyết tháng", "secrecy": "open"}
    branch.poll = str(branch.secretary.post(f"/resolutions/{branch.resolution}/polls", question)["id"])
    branch.secretary.post(f"/polls/{branch.poll}/open")
    ballot = f"/polls/{branch.poll}/ballot"
    refused(branch.probationary.ask("PUT", ballot, {"choice": "for"}), "not_an_elector")
    voters = [one for one in branch.present if one.id in branch.official]
    for place, one in enumerate(voters):
        one.put(ballot, {"choice": "against" if place == 3 else "for"})  # noqa: PLR2004 one voice against
    hands = [member for member in branch.phoneless[:1] if member in branch.official]
    votes = [{"member_id": member, "choice": "for"} for member in hands]
    if votes:
        branch.secretary.post(f"/polls/{branch.poll}/hand-votes", {"votes": votes})
    closed = branch.secretary.post(f"/polls/{branch.poll}/close")
    line(f"{closed['question']}: {closed['tally']}, {closed['voted_count']}/{closed['electorate_count']}")

    question = {
        "question": f"Công nhận đồng chí {branch.probationary.name} là đảng viên chính thức",
        "secrecy": "secret",
        "matter": "recognition",
    }
    secret = str(branch.secretary.post(f"/meetings/{branch.meeting}/polls", question)["id"])
    branch.secretary.post(f"/polls/{secret}/open")
    for place, one in enumerate(voters):
        one.put(f"/polls/{secret}/ballot", {"choice": "other" if place == 5 else "for"})  # noqa: PLR2004
    again = voters[0].put(f"/polls/{secret}/ballot", {"choice": "against"})
    expect(again["already_cast"] is True, again)
    refused(branch.secretary.ask("GET", f"/polls/{secret}/votes"), "poll_is_secret")
    closed = branch.secretary.post(f"/polls/{secret}/close")
    line(f"{closed['question']}: {closed['tally']}, {closed['voted_count']}/{closed['electorate_count']}")

    adopted = branch.secretary.post(f"/resolutions/{branch.resolution}/adopt", {"poll_id": branch.poll})
    line(f"{adopted['title']}: {adopted['status']}, {adopted['number']}")
