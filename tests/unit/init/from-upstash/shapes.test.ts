import { expect, test } from "vitest";
import { BY_USER, HEAD, route, ROUTE, ruleWriter, ten } from "../../../support/limiter-code.ts";

const rulesFor = ruleWriter();
const TEN = { algorithm: "sliding-window", limits: { user: "10 per 10 seconds" } };

test.each<[string, Record<string, string>, string[]]>([
  ["a constant", route(`const limiter = ${ten()};`, BY_USER), ["notes"]],
  [
    "a prefix",
    route(`const limiter = ${ten('prefix: "rl:Note_Write"')};`, BY_USER),
    ["note-write"],
  ],
  [
    "a limiter that exists only when variables are set",
    route(
      `let limiter: Ratelimit | null = null;
if (process.env.UPSTASH_REDIS_REST_URL) { limiter = ${ten()}; }`,
      "if (limiter) { const { success } = await limiter.limit(userId); }",
    ),
    ["notes"],
  ],
  [
    "a condition",
    route(`const limiter = process.env.URL ? ${ten()} : null;`, "await limiter?.limit(userId);"),
    ["notes"],
  ],
  [
    "a function that makes it once",
    route(
      `let limiter: Ratelimit | undefined;
function noteLimiter() { return (limiter ??= ${ten()}); }`,
      "await noteLimiter().limit(userId);",
    ),
    ["note"],
  ],
  [
    "an object of limiters",
    route(
      `const limiters = { read: ${ten()}, write: ${ten()} };`,
      "await limiters.write.limit(userId);",
    ),
    ["write"],
  ],
  [
    "one of an object that is chosen at run time",
    route(
      `const limiters = { free: ${ten()}, paid: ${ten()} };`,
      "await limiters[plan].limit(userId);",
    ),
    ["free", "paid"],
  ],
  [
    "a factory",
    route(
      `const make = (prefix: string, max: number) =>
  new Ratelimit({ redis, prefix, limiter: Ratelimit.slidingWindow(max, "10 s") });
const limiter = make("posts", 10);`,
      BY_USER,
    ),
    ["posts"],
  ],
  [
    "settings in an object, and a window in a template",
    route(
      `const SETTINGS = { posts: { max: 2 * 5, seconds: 10 } };
function limiterOf(kind: keyof typeof SETTINGS) {
  const { max, seconds } = SETTINGS[kind];
  return new Ratelimit({ redis, prefix: \`app:\${kind}\`, limiter: Ratelimit.slidingWindow(max, \`\${seconds} s\`) });
}`,
      'await limiterOf("posts").limit(userId);',
    ),
    ["posts"],
  ],
  [
    "another name, in an import",
    {
      [ROUTE]: `import { Ratelimit as Limiter } from "@upstash/ratelimit";
const notes = new Limiter({ redis, limiter: Limiter.slidingWindow(10, "10 s") });
export const POST = async () => Response.json(await notes.limit(userId));
`,
    },
    ["notes"],
  ],
  [
    "a namespace",
    {
      [ROUTE]: `import * as upstash from "@upstash/ratelimit";
const notes = new upstash.Ratelimit({ redis, limiter: upstash.Ratelimit.slidingWindow(10, "10 s") });
export const POST = async () => Response.json(await notes.limit(userId));
`,
    },
    ["notes"],
  ],
  [
    "require, in a try",
    {
      "pages/api/notes.js": `let limiter;
try {
  const { Ratelimit } = require("@upstash/ratelimit");
  limiter = new Ratelimit({ redis: kv, limiter: Ratelimit.slidingWindow(10, "10 s") });
} catch {}
module.exports = async (req, res) => res.json(await limiter.limit(req.session.userId));
`,
    },
    ["notes"],
  ],
  [
    "a dynamic import",
    route(
      `async function limiter() {
  const { Ratelimit } = await import("@upstash/ratelimit");
  return ${ten()};
}`,
      "await (await limiter()).limit(userId);",
    ),
    ["notes"],
  ],
  [
    "a class that keeps it",
    route(
      `class Guard {
  #unused = 1;
  private posts = ${ten()};
  check(userId: string) { return this.posts.limit(userId); }
}`,
      "await new Guard().check(userId);",
    ),
    ["posts"],
  ],
  [
    "a module that exports it, by an alias",
    {
      "src/lib/limits.ts": `${HEAD}export const notes = ${ten()};\n`,
      "src/app/api/notes/route.ts": `import { notes } from "@/lib/limits";
export const POST = async () => Response.json(await notes.limit(userId));
`,
    },
    ["notes"],
  ],
  [
    "a module that exports it by default, and one that re-exports it",
    {
      "lib/limit.ts": `${HEAD}const limiter = ${ten()};\nexport default limiter;\n`,
      "lib/index.ts": 'export { default as noteLimit } from "./limit";\n',
      [ROUTE]: `import { noteLimit } from "../../../lib";
export const POST = async () => Response.json(await noteLimit.limit(userId));
`,
    },
    ["note"],
  ],
  [
    "a function that is given the limiter and the identifier",
    {
      "lib/check.ts": `import type { Ratelimit } from "@upstash/ratelimit";
export async function check(limiter: Ratelimit, identifier: string) {
  const { success } = await limiter.limit(identifier);
  return success;
}
`,
      [ROUTE]: `${HEAD}import { check } from "@/lib/check";
const notes = ${ten()};
export const POST = async () => Response.json(await check(notes, session.user.id));
`,
    },
    ["notes"],
  ],
  [
    "several regions",
    {
      [ROUTE]: `import { MultiRegionRatelimit } from "@upstash/ratelimit";
const notes = new MultiRegionRatelimit({ redis: [a, b], limiter: MultiRegionRatelimit.slidingWindow(10, "10 s") });
export const POST = async () => Response.json(await notes.limit(userId));
`,
    },
    ["notes"],
  ],
])("a limiter in this form becomes rules: %s", async (_, files, names) => {
  const rules = await rulesFor(files);
  expect(Object.keys(rules)).toEqual(names);
  for (const rule of Object.values(rules)) expect(rule).toEqual({ ...TEN, mode: "enforce" });
});
