import { expect, test } from "vitest";
import { translated } from "../../../support/upstash-app.ts";
import { HEAD, route, ROUTE, ruleWriter, ten } from "../../../support/limiter-code.ts";

const rulesFor = ruleWriter();

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
