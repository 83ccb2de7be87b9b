/** One month of the demonstration's branch, as an app with generated types lives it: node built/month.js <url> */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Phone, refused, said, type Schemas } from "./phone.js";

const PASSWORD = "so-tay-demo-1";
const HOUR = 3_600_000;
const TOLD_WITHIN = 30_000;
const PDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
  + "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n"
  + "0000000052 00000 n \n0000000101 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n164\n%%EOF\n";

const url = process.argv[2];
assert.ok(url, "usage: month.js <url>");
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();
const step = (text: string) => console.log(`  ${text}`);

const [secretary, taker, member, away, probationary] = await Promise.all(
  [1, 2, 3, 4, 5].map((last) => new Phone(url).signIn(`+8490000000${last}`, PASSWORD)),
) as [Phone, Phone, Phone, Phone, Phone];
const cast = [secretary, taker, member, away, probationary];
await secretary.refresh();
assert.deepEqual([member.me.away, away.me.away, away.me.time_zone], [false, true, "Europe/Berlin"]);
const branch = { organisation_id: secretary.me.organisation.id };
for (const phone of cast) assert.ok(await phone.catchUp() > 20, "a first start brings the branch");
assert.equal(await member.catchUp(), 0, "nothing is new");
step(`${cast.length} signed in; ${member.me.full_name} holds ${member.store.size} objects after the first start`);

// The draft and the call.
const paper = await said(secretary.api.POST("/v1/documents", {
  body: { file: PDF, title: "Báo cáo tháng", not_secret: true },
  bodySerializer({ file, title, not_secret }) {
    const form = new FormData();
    form.set("file", new Blob([file], { type: "application/pdf" }), "Báo cáo tháng.pdf");
    form.set("title", title ?? "");
    form.set("not_secret", String(not_secret));
    return form;
  },
}));
const meetingBody: Schemas["MeetingCreate"] = {
  id: randomUUID(),
  title: "Sinh hoạt chi bộ qua ứng dụng web",
  starts_at: inHours(72),
  place: "Nhà văn hóa thôn Đông",
  agenda: [
    { title: "Đánh giá công tác tháng trước", minutes: 30, document_ids: [paper.id] },
    { title: "Thảo luận, thông qua nghị quyết", minutes: 60 },
  ],
};
const drafted = await said(secretary.api.POST("/v1/organisations/{organisation_id}/meetings", {
  params: { path: branch }, body: meetingBody,
}));
assert.deepEqual([drafted.id, drafted.status, drafted.kind], [meetingBody.id, "draft", "regular"]);
const meeting = { meeting_id: drafted.id };
await refused(member.api.GET("/v1/meetings/{meeting_id}", { params: { path: meeting } }), 404, "meeting_not_found");
const once = { path: meeting, header: { "Idempotency-Key": randomUUID() } };
const announced = await secretary.api.POST("/v1/meetings/{meeting_id}/announce", { params: once });
const repeated = await secretary.api.POST("/v1/meetings/{meeting_id}/announce", { params: once });
assert.equal(repeated.response.headers.get("Idempotency-Replayed"), "true");
assert.deepEqual(repeated.data, announced.data);
await member.catchUp();
assert.equal(member.stored("meeting", drafted.id).status, "announced");
assert.deepEqual(
  (member.stored("meeting", drafted.id) as Schemas["MeetingView"]).agenda[0]?.document_ids, [paper.id],
);
step(`drafted, announced once though asked twice, and on ${member.me.full_name}'s phone`);

// Replies.
const reply = (phone: Phone, body: Schemas["ReplyWrite"]) =>
  phone.api.PUT("/v1/meetings/{meeting_id}/reply", { params: { path: meeting }, body });
const noReason = await reply(probationary, { reply: "absent" });
assert.equal(noReason.response.status, 422);
await said(reply(secretary, { reply: "attending" }));
await said(reply(taker, { reply: "attending" }));
await said(reply(member, { reply: "attending" }));
await said(reply(away, { reply: "attending_online" }));
await said(reply(probationary, { reply: "absent", reason: "Đi viện, có giấy hẹn" }));
const { reply_counts: counts } = await said(secretary.api.GET("/v1/meetings/{meeting_id}", { params: { path: meeting } }));
assert.ok(counts);
assert.deepEqual([counts.attending, counts.attending_online, counts.absent], [3, 1, 1]);
await member.catchUp();
assert.equal((member.stored("meeting", drafted.id) as Schemas["MeetingView"]).my_reply?.reply, "attending");
step(`replies: ${JSON.stringify(counts)}`);

// A draft resolution, comments, answers, the second version.
const resolutionBody = {
  title: "Nghị quyết nhiệm vụ tháng tới",
  meeting_id: drafted.id,
  paragraphs: [{ text: "Làm đất vụ đông trên 12 ha." }, { text: "Mở rộng đường trục thôn." }],
};
const draft = await said(secretary.api.POST("/v1/organisations/{organisation_id}/resolutions", {
  params: { path: branch }, body: resolutionBody,
}));
const resolution = { resolution_id: draft.id };
const [first, second] = draft.paragraphs as [Schemas["ParagraphView"], Schemas["ParagraphView"]];
await said(secretary.api.POST("/v1/resolutions/{resolution_id}/open", {
  params: { path: resolution }, body: { comments_until: inHours(48) },
}));
const comment = await said(away.api.POST("/v1/resolutions/{resolution_id}/comments", {
  params: { path: resolution }, body: { version: 1, paragraph_id: first.id, body: "Đã khảo sát 15 ha." },
}));
assert.equal(comment.author.full_name, away.me.full_name);
const path = { comment_id: comment.id };
const supported = await member.api.PUT("/v1/comments/{comment_id}/support", { params: { path } });
assert.ok(supported.response.ok);
await said(secretary.api.PUT("/v1/comments/{comment_id}/answer", {
  params: { path }, body: { outcome: "taken", body: "Đã sửa." },
}));
const seen = await secretary.api.GET("/v1/resolutions/{resolution_id}", { params: { path: resolution } });
const revised = {
  ...resolutionBody,
  paragraphs: [{ id: first.id, text: "Làm đất vụ đông trên 15 ha." }, { id: second.id, text: second.text }],
};
const revise = (version: string) => secretary.api.PUT("/v1/resolutions/{resolution_id}", {
  params: { path: resolution, header: { "If-Match": version } }, body: revised,
});
const etag = seen.response.headers.get("ETag");
assert.ok(etag);
await said(revise(etag));
await refused(revise(etag), 412, "version_changed");
const comparison = await said(member.api.GET("/v1/resolutions/{resolution_id}/comparison", {
  params: { path: resolution, query: { from: 1, to: 2 } },
}));
assert.deepEqual(comparison.paragraphs.map(({ change }) => change), ["changed", "unchanged"]);
const { items: comments } = await said(member.api.GET("/v1/resolutions/{resolution_id}/comments", {
  params: { path: resolution },
}));
assert.deepEqual(
  comments.map(({ support_count, paragraph_changed, answer }) => [support_count, paragraph_changed, answer?.outcome]),
  [[1, true, "taken"]],
);
await said(secretary.api.POST("/v1/resolutions/{resolution_id}/close", { params: { path: resolution } }));
await refused(member.api.POST("/v1/resolutions/{resolution_id}/comments", {
  params: { path: resolution }, body: { version: 2, body: "Góp ý muộn" },
}), 409, "comments_closed");
step("a comment supported, answered, and still readable beside the second version");

// The meeting: the roll by code and by hand.
await said(secretary.api.POST("/v1/meetings/{meeting_id}/start", {
  params: { path: meeting }, body: { minute_taker_id: taker.me.member_id },
}));
const { code } = await said(secretary.api.GET("/v1/meetings/{meeting_id}/check-in-code", { params: { path: meeting } }));
const present = [secretary, taker, member, away];
for (const phone of present) {
  await said(phone.api.POST("/v1/meetings/{meeting_id}/check-in", {
    params: { path: meeting }, body: { code, online: phone === away },
  }));
}
await refused(probationary.api.POST("/v1/meetings/{meeting_id}/check-in", {
  params: { path: meeting }, body: { code: `${code.slice(0, -1)}${code.endsWith("A") ? "B" : "A"}` },
}), 422, "check_in_code_invalid");
const rollPath = { params: { path: meeting } };
const taken = await secretary.api.GET("/v1/meetings/{meeting_id}/roll", rollPath);
const others = (taken.data?.entries ?? []).filter(({ attendance }) => attendance === null).map(({ member_id }) => member_id);
const raising = others.filter((id) => id !== probationary.me.member_id);
await said(secretary.api.PUT("/v1/meetings/{meeting_id}/roll", {
  params: { path: meeting, header: { "If-Match": taken.response.headers.get("ETag") ?? "" } },
  body: { entries: [
    ...raising.map((member_id) => ({ member_id, attendance: "present" as const })),
    { member_id: probationary.me.member_id, attendance: "excused" as const, note: "Đi viện" },
  ] },
}));
const roll = await said(secretary.api.GET("/v1/meetings/{meeting_id}/roll", rollPath));
assert.deepEqual(
  [roll.counts.present_online, roll.counts.excused, roll.counts.not_taken, roll.quorum?.reached], [1, 1, 0, true],
);
step(`roll: ${JSON.stringify(roll.counts)}`);

// Votes: open, with hands raised in the room; secret.
const poll = await said(secretary.api.POST("/v1/resolutions/{resolution_id}/polls", {
  params: { path: resolution }, body: { question: "Thông qua nghị quyết", secrecy: "open" },
}));
const openPoll = { params: { path: { poll_id: poll.id } } };
await said(secretary.api.POST("/v1/polls/{poll_id}/open", openPoll));
for (const phone of present) {
  const choice = phone === member ? "against" : "for";
  await said(phone.api.PUT("/v1/polls/{poll_id}/ballot", { ...openPoll, body: { choice } }));
}
await refused(
  probationary.api.PUT("/v1/polls/{poll_id}/ballot", { ...openPoll, body: { choice: "for" } }), 403, "not_an_elector",
);
const official = new Set(
  (await said(secretary.api.GET("/v1/organisations/{organisation_id}/members", {
    params: { path: branch, query: { limit: 100 } },
  }))).items
    .filter(({ standings }) => standings.some(({ kind, ends_on }) => kind === "official" && ends_on === null))
    .map(({ id }) => id),
);
const votes = raising.filter((id) => official.has(id)).map((member_id) => ({ member_id, choice: "for" as const }));
await said(secretary.api.POST("/v1/polls/{poll_id}/hand-votes", { ...openPoll, body: { votes } }));
const closed = await said(secretary.api.POST("/v1/polls/{poll_id}/close", openPoll));
assert.deepEqual(
  [closed.tally?.for_count, closed.tally?.against_count, closed.tally?.passed], [3 + votes.length, 1, true],
);
const secret = await said(secretary.api.POST("/v1/meetings/{meeting_id}/polls", {
  params: { path: meeting }, body: { question: "Công nhận chính thức", secrecy: "secret", matter: "recognition" },
}));
const secretPoll = { params: { path: { poll_id: secret.id } } };
await said(secretary.api.POST("/v1/polls/{poll_id}/open", secretPoll));
for (const phone of present) {
  await said(phone.api.PUT("/v1/polls/{poll_id}/ballot", { ...secretPoll, body: { choice: "for" } }));
}
const again = await said(away.api.PUT("/v1/polls/{poll_id}/ballot", { ...secretPoll, body: { choice: "against" } }));
assert.equal(again.already_cast, true);
await refused(secretary.api.GET("/v1/polls/{poll_id}/votes", secretPoll), 409, "poll_is_secret");
const counted = await said(secretary.api.POST("/v1/polls/{poll_id}/close", secretPoll));
assert.deepEqual([counted.tally?.for_count, counted.tally?.against_count, counted.voted_count], [4, 0, 4]);
const adopted = await said(secretary.api.POST("/v1/resolutions/{resolution_id}/adopt", {
  params: { path: resolution }, body: { poll_id: poll.id },
}));
assert.equal(adopted.status, "adopted");
step(`${closed.question}: ${JSON.stringify(closed.tally)}; ${adopted.number}`);

// A task, the end, the minutes.
const task = await said(secretary.api.POST("/v1/meetings/{meeting_id}/tasks", {
  params: { path: meeting },
  body: { title: "Khảo sát đường trục thôn", assignee_id: member.me.member_id, due_on: inHours(600).slice(0, 10) },
}));
assert.equal(task.assignee_name, member.me.full_name);
assert.equal((await said(secretary.api.POST("/v1/meetings/{meeting_id}/end", rollPath))).status, "ended");
const composed = await taker.api.GET("/v1/meetings/{meeting_id}/minutes", rollPath);
assert.ok(composed.data);
const written: Schemas["MinutesReplace"] = {
  sections: composed.data.sections.map(({ heading }) => ({ heading, body: "Chi bộ thảo luận và nhất trí." })),
  conclusion: "Chi bộ nhất trí.",
};
const write = (version: string | null) => taker.api.PUT("/v1/meetings/{meeting_id}/minutes", {
  params: { path: meeting, header: { "If-Match": version ?? "" } }, body: written,
});
await said(write(composed.response.headers.get("ETag")));
await said(taker.api.POST("/v1/meetings/{meeting_id}/minutes/send", rollPath));
const remark = await said(away.api.POST("/v1/meetings/{meeting_id}/minutes/remarks", {
  params: { path: meeting }, body: { body: "Xin ghi thêm mức hỗ trợ." },
}));
await said(secretary.api.PUT("/v1/minutes-remarks/{remark_id}/answer", {
  params: { path: { remark_id: remark.id } }, body: { taken: true, body: "Đã ghi." },
}));
const approved = await said(secretary.api.POST("/v1/meetings/{meeting_id}/minutes/approve", rollPath));
const frozen = await taker.api.GET("/v1/meetings/{meeting_id}/minutes", rollPath);
await refused(write(frozen.response.headers.get("ETag")), 409, "minutes_frozen");
const published = await said(secretary.api.POST("/v1/meetings/{meeting_id}/minutes/publish", rollPath));
assert.deepEqual([published.number, published.status], [approved.number, "published"]);
const pdf = await said(away.api.GET("/v1/meetings/{meeting_id}/minutes.pdf", { ...rollPath, parseAs: "arrayBuffer" }));
assert.equal(Buffer.from(pdf as ArrayBuffer).subarray(0, 5).toString(), "%PDF-");
step(`minutes ${published.number} published`);

// Everybody is told, and every phone holds what the server says.
const inbox = async (phone: Phone) =>
  (await said(phone.api.GET("/v1/me/notifications", { params: { query: { limit: 100 } } }))).items;
const link = (item: Schemas["NotificationView"]) => item.link.endsWith(drafted.id);
const last = new Set(["minutes_published", "meeting_missed"]);
for (const end = Date.now() + TOLD_WITHIN; ; await sleep(200)) {
  const told = await Promise.all(cast.map(async (phone) => (await inbox(phone)).some((item) => last.has(item.type) && link(item))));
  if (told.every(Boolean)) break;
  assert.ok(Date.now() < end, `not told of the minutes: ${told}`);
}
const [newest] = await inbox(away);
assert.ok(newest);
const readNow = await away.api.PUT("/v1/me/notifications/{notification_id}/read", {
  params: { path: { notification_id: newest.id } },
});
assert.ok(readNow.response.ok);
assert.ok((await inbox(away)).find(({ id }) => id === newest.id)?.read_at);
for (const phone of cast) {
  await phone.catchUp();
  const asked = await Promise.all([
    said(phone.api.GET("/v1/meetings/{meeting_id}", rollPath)),
    said(phone.api.GET("/v1/resolutions/{resolution_id}", { params: { path: resolution } })),
    said(phone.api.GET("/v1/polls/{poll_id}", openPoll)),
    said(phone.api.GET("/v1/meetings/{meeting_id}/minutes", rollPath)),
  ]);
  const stored = [["meeting", drafted.id], ["resolution", draft.id], ["poll", poll.id], ["minutes", drafted.id]] as const;
  assert.deepEqual(stored.map(([type, id]) => phone.stored(type, id)), asked, phone.me.full_name);
}
step("every phone caught up with what the server says");

const out = await probationary.api.POST("/v1/auth/logout");
assert.ok(out.response.ok);
await refused(probationary.api.GET("/v1/me"), 401, "token_invalid");
console.log("✓ all of it held");
