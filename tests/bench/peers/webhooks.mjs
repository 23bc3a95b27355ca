/** Times what @octokit/webhooks spends on one delivery; asked through stdin: a case and a count, answered in microseconds. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { createNodeMiddleware, Webhooks } from "@octokit/webhooks";

const SIZE = Number(process.env.BODY_BYTES);
const frame = { action: "opened", issue: { body: "" } };
frame.issue.body = "x".repeat(SIZE - JSON.stringify(frame).length);
const body = JSON.stringify(frame);

const webhooks = new Webhooks({ secret: "0123456789abcdef0123456789abcdef" });
webhooks.on("issues", () => {});
const signature = await webhooks.sign(body);
const middleware = createNodeMiddleware(webhooks, { path: "/hook" });
const socket = new Socket();

/** A request as Node's server hands it over, with its body read already by whoever is before the middleware. */
function request() {
  const made = new IncomingMessage(socket);
  made.method = "POST";
  made.url = "/hook";
  made.headers = {
    "content-type": "application/json",
    "x-github-event": "issues",
    "x-github-delivery": "1",
    "x-hub-signature-256": signature,
  };
  made.push(body);
  made.push(null);
  return made;
}

const cases = {
  verify: () => webhooks.verify(body, signature),
  receive: () => webhooks.verifyAndReceive({ id: "1", name: "issues", payload: body, signature }),
  middleware: async () => {
    const asked = request();
    const answer = new ServerResponse(asked);
    await middleware(asked, answer);
    if (answer.statusCode !== 200) {
      throw new Error(`the middleware answered ${answer.statusCode}`);
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, count] = line.split(" ");
  const work = cases[name];
  const began = process.cpuUsage();
  for (let done = 0; done < Number(count); done += 1) {
    await work();
  }
  const { user, system } = process.cpuUsage(began);
  console.log((user + system) / Number(count));
}
