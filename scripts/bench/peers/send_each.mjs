// Sends COUNT messages with Google's client for Node to a stub: sendEach, 500 at a time. Prints {sent, seconds}.
import http2 from "node:http2";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [credentials, url, count] = process.argv.slice(2);
// The client names Google's host itself: its connection is led to the stub. nginx does not take its ":scheme: https:".
const connect = http2.connect;
http2.connect = (_, ...rest) => {
  const session = connect(url, ...rest);
  const request = session.request.bind(session);
  session.request = (headers, ...options) => request({ ...headers, ":scheme": "https" }, ...options);
  return session;
};
const require = createRequire(process.cwd() + "/");
const { cert, initializeApp } = require("firebase-admin/app");
const { getMessaging } = require("firebase-admin/messaging");

const account = JSON.parse(readFileSync(credentials));
const token = { access_token: "stub", expires_in: 3600 };
const app = initializeApp({ credential: { getAccessToken: async () => token }, projectId: account.project_id });
const message = JSON.parse(readFileSync(0));
const began = performance.now();
let sent = 0;
for (let start = 0; start < count; start += 500) {
  const batch = [];
  for (let n = start; n < Math.min(start + 500, count); n++) batch.push({ ...message, token: `${"t".repeat(140)}${n}` });
  const { successCount, responses } = await getMessaging(app).sendEach(batch);
  sent += successCount;
  if (successCount < batch.length) console.error(responses.find(({ success }) => !success).error);
}
console.log(JSON.stringify({ sent, seconds: (performance.now() - began) / 1000 }));
process.exit(0);
