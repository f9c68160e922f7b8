import { describe, expect, test } from "vitest";
import { translateUpstash } from "#lib/init/from-upstash/translate";
import { parseSource } from "#lib/source/parse";
import {
  EMPTY_POLICY,
  GATE_FILES,
  policyLoader,
  translated,
} from "../../../support/upstash-app.ts";

const load = policyLoader();

const LIMITS = `import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";

const redis = Redis.fromEnv();
export const chat = new Ratelimit({ redis, limiter: Ratelimit.slidingWindow(20, "1 m"), prefix: "chat" });
export const upload = new Ratelimit({
  redis,
  limiter: Ratelimit.tokenBucket(1, "1 s", Number(process.env.UPLOADS)),
});
export const unused = new Ratelimit({ redis, limiter: Ratelimit.fixedWindow(1, "1 h") });
export const moving = new Ratelimit({ redis, limiter: Ratelimit.fixedWindow(1, "1 h"), dynamicLimits: true });
`;
const ROUTE = `import { chat, moving, upload } from "@/lib/limits";

export async function POST(request: Request) {
  const session = await auth();
  const userId = session.user.id;
  // eslint-disable-next-line no-console
  const { success, reset } = await chat.limit(userId, { rate: 2 });
  if (!success) return new Response(null, { status: 429 });
  await Promise.all([upload.limit(userId), moving.limit(userId)]);
  const { remaining } = await chat.getRemaining(userId);
  if (remaining === 0) { await chat.resetUsedTokens(userId); }
  await moving.setDynamicLimit({ limit: 5 });
  return Response.json(await chat.blockUntilReady(userId, 1000));
}
`;
const ACTION = `"use server";
import { headers } from "next/headers";
import { chat } from "../lib/limits";

export async function send() {
  const ip = (await headers()).get("x-forwarded-for") ?? "unknown";
  return chat.limit(ip);
}
`;
/** Returns what was inserted into a list of lines or characters; undefined when something was removed. */
function insertedInto(before: readonly string[], after: readonly string[]) {
  const rest = [...before].toReversed();
  const inserted = after.filter((one) => one !== rest.at(-1) || rest.pop() === undefined);
  return rest.length === 0 ? inserted : undefined;
}

const APP = { "lib/limits.ts": LIMITS, "app/api/chat/route.ts": ROUTE, "app/actions.ts": ACTION };

describe("the app after the command", () => {
  test("the translated app differs from the original only in comments", () => {
    const { changed } = translated(APP);
    expect([...changed.keys()].toSorted()).toEqual([
      "app/actions.ts",
      "app/api/chat/route.ts",
      "config/rate-limits.ts",
      "lib/limits.ts",
    ]);
    for (const [path, before] of Object.entries(APP)) {
      const lines = insertedInto(before.split("\n"), (changed.get(path) ?? "").split("\n"));
      expect(lines?.length).toBeGreaterThan(0);
      expect(lines?.filter((line) => !line.trim().startsWith("//"))).toEqual([]);
    }
  });

  test("the translated app says at each call how to replace it", () => {
    const { after } = translated(APP);
    const route = after.get("app/api/chat/route.ts") ?? "";
    expect(route).toContain(
      `  // Headgate: the rule "chat-user" of config/rate-limits.ts limits the same. Instead of this call write
  //   await gate.limits.limit("chat-user", { user: userId }, { cost: 2 })
  // with { gate } of "../../../gate" (headgate/docs/start/from-upstash-ratelimit.md).
  // eslint-disable-next-line no-console
  const { success, reset }`,
    );
    expect(route).toContain('gate.limits.peek("chat-user", { user: userId })');
    expect(route).toContain("// Headgate: resetUsedTokens has no counterpart");
    expect(route).toContain("// Headgate: setDynamicLimit has no counterpart");
    expect(route).toContain("// Headgate: blockUntilReady has no counterpart");
    expect(after.get("app/actions.ts")).toContain(
      'limit("chat-ip", {}, { request: new Request("http://app.invalid/", { headers: new Headers(await headers()) }) })',
    );
  });

  test("the translated app has a comment with the reason at each limiter without a rule", () => {
    const { after, left } = translated(APP);
    expect(left).toEqual([
      "lib/limits.ts: it depends on Number(process.env.UPLOADS), which is known only at run time, but a policy is fixed",
      "lib/limits.ts: none of its calls could be followed",
      "lib/limits.ts: its limit is changed while the app runs (dynamicLimits)",
    ]);
    const text = after.get("lib/limits.ts") ?? "";
    const [upload = "", unused = "", moving = ""] = ["upload", "unused", "moving"].map(
      (name) =>
        text
          .slice(0, text.indexOf(`export const ${name}`))
          .split("export const")
          .at(-1) ?? "",
    );
    expect(upload).toContain("// Headgate: no rule was written for this limiter: it depends on");
    expect(unused).toContain("none of its calls");
    expect(moving).toContain("(dynamicLimits)");
  });

  test("the translated policy has the rules and their identities", async () => {
    const { policy, rules } = translated(APP);
    expect(rules).toEqual(["chat-ip", "chat-user"]);
    const loaded = await load(policy);
    expect(loaded.identities).toEqual({ user: "from-code" });
    expect(loaded.rules).toEqual({
      "chat-ip": { limits: { ip: "20 per minute" }, algorithm: "sliding-window", mode: "enforce" },
      "chat-user": {
        limits: { user: "20 per minute" },
        algorithm: "sliding-window",
        mode: "enforce",
      },
    });
    expect(policy).toContain('// Ratelimit.slidingWindow(20, "1 m") of lib/limits.ts.');
  });

  test("a second translation changes nothing", () => {
    const { after } = translated(APP);
    const again = translateUpstash(after, GATE_FILES);
    expect(again.rules).toEqual([]);
    expect([...again.changed.keys()]).toEqual([]);
  });

  test("a second translation adds rules with free names for calls that are written after the first", async () => {
    const { after } = translated(APP);
    const more = `import { Ratelimit } from "@upstash/ratelimit";
const chat = new Ratelimit({ redis, limiter: Ratelimit.fixedWindow(5, "1 h"), prefix: "chat-user" });
export const GET = async () => Response.json(await chat.limit("all"));
`;
    const again = translateUpstash(new Map([...after, ["app/api/new/route.ts", more]]), GATE_FILES);
    expect(again.rules).toEqual(["chat-user-2"]);
    const { rules } = await load(again.changed.get(GATE_FILES.policy) ?? "");
    expect(Object.keys(rules)).toEqual(["chat-ip", "chat-user", "chat-user-2"]);
  });
});

describe("the policy", () => {
  const head = 'import { defineIdentities, definePolicy } from "headgate";\n';
  const withPolicy = (policy: string, more: Readonly<Record<string, string>> = {}) =>
    translated({ ...APP, ...more, [GATE_FILES.policy]: policy });

  test.each([
    ["on one line", `${head}export default definePolicy({ rules: {} });\n`],
    [
      "with a rule without a comma",
      `${head}export default definePolicy({\n  rules: {\n    a: { limits: { ip: "1 per day" } }\n  },\n});\n`,
    ],
    [
      "with a comment after its last rule",
      `${head}export default definePolicy({\n  rules: {\n    a: { limits: { ip: "1 per day" } }, // one\n    // two\n  },\n});\n`,
    ],
    [
      "with its own identities",
      `${head}export default definePolicy({\n  identities: defineIdentities({ plan: "from-code" }),\n  rules: {},\n});\n`,
    ],
    [
      "with identities in a constant",
      `${head}const identities = defineIdentities({ plan: async () => undefined, user: "from-code" });\nexport default definePolicy({ identities, rules: {} });\n`,
    ],
  ])("a policy %s gets the rules only by insertions", async (_, before) => {
    const { policy } = withPolicy(before);
    expect(insertedInto(before.split(""), policy.split(""))?.length).toBeGreaterThan(0);
    const loaded = await load(policy);
    expect(Object.keys(loaded.rules)).toEqual(expect.arrayContaining(["chat-ip", "chat-user"]));
    expect(loaded.identities).toHaveProperty("user");
  });

  test("new identities are added to the file of the policy's identities", () => {
    const { after, policy } = withPolicy(
      `${head}import { identities } from "./identities";\nexport default definePolicy({ identities, rules: {} });\n`,
      {
        "config/identities.ts": `import { defineIdentities } from "headgate";\nexport const identities = defineIdentities({ plan: "from-code" });\n`,
      },
    );
    expect(after.get("config/identities.ts")).toMatch(
      /plan: "from-code",\s+user: "from-code",\s+}/,
    );
    expect(policy).not.toContain('"from-code"');
  });

  test("a policy whose rules are made elsewhere does not change, and the reason is reported", () => {
    const before = `${head}import { rules } from "./rules";\nexport default definePolicy({ rules });\n`;
    const { policy, rules, left } = withPolicy(before);
    expect(policy).toBe(before);
    expect(rules).toEqual([]);
    expect(left[0]).toContain("config/rate-limits.ts: its rules are not written there");
  });
});

test.each([
  ["no limiter at all", { "app/page.tsx": "export default () => <p>Hello</p>;\n" }],
  [
    "another class of that name",
    {
      "app/api/route.ts":
        'import { Ratelimit } from "./own";\nconst own = new Ratelimit({ limiter: Ratelimit.slidingWindow(1, "1 s") });\nexport const GET = () => own.limit("all");\n',
    },
  ],
  [
    "a file that cannot be parsed",
    {
      "app/api/route.ts":
        'import { Ratelimit } from "@upstash/ratelimit";\nconst = new Ratelimit(;\n',
    },
  ],
])("an app with %s does not change", (_, files) => {
  expect(translated(files)).toMatchObject({ rules: [], policy: EMPTY_POLICY });
  expect(translated(files).changed.size).toBe(0);
});

test("translated files can be parsed, even when a call is in JSX or in a template", () => {
  const page = `import { chat } from "@/lib/limits";
export default async function Page() {
  return <p title={\`\${(await chat.limit("a")).remaining}\`}>{(await chat.limit("a")).limit}</p>;
}
export const inline = async () => { if (x) await chat.limit("a"); else return (await chat.limit("a")).limit; };
`;
  const { after } = translated({ "lib/limits.ts": LIMITS, "app/page.tsx": page });
  expect(parseSource("page.tsx", after.get("app/page.tsx") ?? "").problem).toBeUndefined();
  expect(after.get("app/page.tsx")?.match(/\/\/ Headgate: /g)).toHaveLength(2);
});

test("the translation ends even when functions call each other", () => {
  const names = ["a", "b", "c", "d", "e"];
  const calls = names.map((name) => `${name}(x) ?? ${name}(x + 1)`).join(" ?? ");
  const tangled = names.map((name) => `export function ${name}(x) { return ${calls}; }`);
  const files = {
    "lib/tangled.ts": `import { Ratelimit } from "@upstash/ratelimit";\n${tangled.join("\n")}\n`,
    "app/api/route.ts": `import { Ratelimit } from "@upstash/ratelimit";
import { a } from "@/lib/tangled";
const limiter = new Ratelimit({ redis, limiter: Ratelimit.fixedWindow(5, "1 m"), prefix: "one" });
export const GET = async () => { await a(1).limit("x"); return limiter.limit(a(2)); };
`,
  };
  expect(translated(files).rules).toEqual(["one"]);
});
