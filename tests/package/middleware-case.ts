import { deepStrictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { Case } from "./case.ts";
import { MIDDLEWARE_APPS } from "./middleware-apps.ts";
import type { MiddlewareApp, Question } from "./middleware-apps/app.ts";
import { LAYOUT, startBuilt } from "./new-app.ts";
import { createNextApp } from "./next-case.ts";
import { runCommand } from "./run-command.ts";
import { write } from "./world.ts";

/** The requests of a client per minute, on all paths. */
const LIMIT = 3;

const GATE = {
  "config/rate-limits.ts": `import { definePolicy } from "headgate";

export default definePolicy({
  rules: { all: { match: "/:path*", limits: { ip: "${LIMIT} per minute" } } },
});
`,
  "gate.ts": `import { createHeadgate } from "headgate";
import policy from "./config/rate-limits";

export const gate = createHeadgate(policy);
`,
};

/** Apps with their own middleware, each with the real library behind the gate. */
export const middlewareCases: readonly Case[] = MIDDLEWARE_APPS.map((it) => ({
  name: `wrap-${it.name}`,
  what: `Next ${it.next}, ${it.packages.join(" and ")}, its ${it.middleware} wrapped`,
  async run(world, say) {
    const app = await createNextApp(world.newFolder(`wrap-${it.name}`), it.next, false, say);
    write(app, { ...it.files, "app/layout.tsx": LAYOUT });
    say("npm install");
    const packages = [world.tarball, ...it.packages];
    await runCommand(app, "npm", ["install", "--no-audit", "--no-fund", ...packages]);
    say("headgate init");
    await putGate(app);
    say("next build");
    const next = join(app, "node_modules", "next", "dist", "bin", "next");
    await runCommand(app, "node", [next, "build"], it.env);
    say("next start");
    const running = await startBuilt(app, await world.store(), next, it.env);
    try {
      await askAll(running.url, it);
    } finally {
      await running.stop();
    }
    return "429 on every path; its own middleware runs where it ran";
  },
}));

/** Puts the gate in front of an app's middleware. The app already has its policy and gate. */
export async function putGate(
  app: string,
  bin = join("node_modules", "headgate", "bin.mjs"),
): Promise<void> {
  write(app, GATE);
  await runCommand(app, "node", [bin, "init", "--yes", "--no-install"]);
}

let clients = 0;

/** Sends each request as a new client until the gate denies it. */
export async function askAll(url: string, { questions }: MiddlewareApp): Promise<void> {
  for (const question of questions) {
    clients += 1;
    const headers = {
      "x-forwarded-for": `198.51.100.${clients}`,
      // The headers of a browser that opens a page.
      accept: "text/html",
      "sec-fetch-dest": "document",
    };
    const send = () => fetch(url + question.path, { headers, redirect: "manual" });
    for (let sent = 0; sent < LIMIT; sent += 1) {
      deepStrictEqual(answerOf(await send(), question), question);
    }
    deepStrictEqual([question.path, (await send()).status], [question.path, 429]);
  }
}

/** Returns the compared parts of a response. */
function answerOf({ status, headers }: Response, asked: Question): Question {
  const location = headers.get("location")?.replace(/^https?:\/\/[^/]+/, "");
  const begin = asked.location ?? "";
  const [name] = asked.header ?? [];
  return {
    path: asked.path,
    status,
    ...(location !== undefined && { location: location.startsWith(begin) ? begin : location }),
    ...(name !== undefined && { header: [name, headers.has(name)] as const }),
  };
}
