import { expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { policyLoader, translated } from "../../../support/upstash-app.ts";

const load = policyLoader();

/** Returns the rules that are written for an app, as data. */
async function rulesFor(files: Readonly<Record<string, string>>) {
  const { policy } = translated(files);
  const loaded = await load(policy);
  // The gate accepts the policy.
  compilePolicy(loaded);
  return loaded.rules as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const HEAD = `import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
const redis = Redis.fromEnv();
`;
const ROUTE = "app/api/notes/route.ts";
const route = (limiter: string, call: string) => ({
  [ROUTE]: `${HEAD}${limiter}
export async function POST(req: Request) {
  ${call}
  return Response.json({ done: true });
}
`,
});
const BY_USER = "const { success } = await limiter.limit(userId);";
const ten = (more = "") =>
  `new Ratelimit({ redis, limiter: Ratelimit.slidingWindow(10, "10 s"), ${more} })`;
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

test.each([
  ['req.headers.get("x-forwarded-for") ?? "127.0.0.1"', "ip"],
  ['req.headers.get("x-forwarded-for")?.split(",")[0].trim() || "anonymous"', "ip"],
  ["req.ip", "ip"],
  ['req.ip ?? req.headers.get("x-real-ip") ?? "unknown"', "ip"],
  ["ipAddress(req) ?? req.headers.get('cf-connecting-ip')", "ip"],
  ["getClientIp(req)", "ip"],
  ["`notes_${ip}`", "ip"],
  ["'notes:' + ip", "ip"],
  ["hash(ip)", "ip"],
  ["session.user.id", "user"],
  ["(await auth()).userId!", "user"],
  ["user?.id ?? ip", "user|ip"],
  ["user ? user.id : ip", "user|ip"],
  ["session?.user?.id ?? 'anonymous'", "user"],
  ["`${ip}:${userId}`", "ip+user"],
  ["`${orgId}/${userId}`", "org+user"],
  ["email.toLowerCase()", "email"],
  ["body.apiKey", "apiKey"],
  ['"all"', "global"],
  ["`the-${'whole'}-app`", "global"],
  ["identifier", "caller"],
  ["JSON.stringify(body)", "caller"],
])("limit(%s) counts %s", async (identifier, subject) => {
  const limiter = `const limiter = ${ten()};`;
  const rules = await rulesFor(route(limiter, `await limiter.limit(${identifier});`));
  const limits = Object.values(rules).map((rule) => rule["limits"]);
  expect(limits).toEqual([{ [subject]: "10 per 10 seconds" }]);
});

test("variables before the call, and calls of a function, show the client of an identifier", async () => {
  const rules = await rulesFor({
    "lib/limits.ts": `${HEAD}const limiter = ${ten()};
export const check = (key: string) => limiter.limit(key);
`,
    "app/a/route.ts": `import { check } from "@/lib/limits";
export async function GET(req: Request) {
  const forwarded = req.headers.get("x-forwarded-for");
  const first = forwarded ? forwarded.split(",")[0] : "127.0.0.1";
  return Response.json(await check(\`a:\${first}\`));
}
`,
    "app/b/route.ts": `import { check } from "@/lib/limits";
export const GET = async () => Response.json(await check(\`b:\${(await auth()).userId}\`));
`,
    "app/c/route.ts": `import { check } from "@/lib/limits";
export const GET = async () => Response.json(await check("c"));
`,
  });
  const limits = Object.entries(rules).map(([name, rule]) => [name, rule["limits"]]);
  expect(Object.fromEntries(limits)).toEqual({
    a: { ip: "10 per 10 seconds" },
    b: { user: "10 per 10 seconds" },
    c: { global: "10 per 10 seconds" },
  });
});

test.each([
  [
    "both in one place",
    "export default (ip: string, userId: string) => [limiter.limit(ip), limiter.limit(userId)];",
    ["requests-ip", "requests-user"],
  ],
  [
    "each in a separate function",
    `export const forVisitors = (ip: string) => limiter.limit(ip);
export const forUsers = (userId: string) => limiter.limit(userId);`,
    ["visitors", "users"],
  ],
])("a limiter that counts two kinds of client, %s, becomes two rules", async (_, calls, names) => {
  const rules = await rulesFor({
    "server/limits.ts": `${HEAD}const limiter = ${ten()};\n${calls}\n`,
  });
  expect(Object.keys(rules)).toEqual(names);
});

test("a limiter that a function caches by name becomes a rule for each name", async () => {
  const files = {
    "lib/limits.ts": `${HEAD}const SETTINGS = {
  ask: { tokens: 5, seconds: 60 * 60 },
  login: { tokens: 10, seconds: 15 * 60 },
};
const made = new Map<string, Ratelimit>();
function limiterOf(kind: keyof typeof SETTINGS) {
  if (made.has(kind)) return made.get(kind)!;
  const { tokens, seconds } = SETTINGS[kind];
  const limiter = new Ratelimit({ redis, prefix: \`app:\${kind}\`, limiter: Ratelimit.slidingWindow(tokens, \`\${seconds} s\`) });
  made.set(kind, limiter);
  return limiter;
}
export async function check(kind: keyof typeof SETTINGS, identifier: string) {
  return (await limiterOf(kind).limit(identifier)).success;
}
`,
    [ROUTE]: `import { check } from "@/lib/limits";
export const GET = async () => Response.json(await check("ask", (await auth()).userId));
export const POST = async (form: FormData) => Response.json(await check("login", \`\${form.get("email")}\`));
`,
  };
  const rules = await rulesFor(files);
  const limits = Object.entries(rules).map(([name, rule]) => [name, rule["limits"]]);
  expect(Object.fromEntries(limits)).toEqual({
    ask: { user: "5 per hour" },
    login: { caller: "10 per 15 minutes" },
  });
  expect(translated(files).policy).toContain("// For the calls in lib/limits.ts:");
});
