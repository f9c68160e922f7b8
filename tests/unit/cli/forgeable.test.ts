import { describe, expect, test } from "vitest";
import { identities } from "#config/identities";
import { whyForgeable } from "#lib/cli/forgeable";
import { freeNamesOf } from "#lib/source/free-names";

const NOTHING_SECRET = "it compares the request with no secret and verifies nothing";

describe("whyForgeable", () => {
  test.each([
    [`({ headers }) => headers.get("x-monitor") === "let me in"`, NOTHING_SECRET],
    [`(request) => request.headers.get("x-user") ?? undefined`, NOTHING_SECRET],
    [`(request) => new URL(request.url).searchParams.get("key") === "k"`, NOTHING_SECRET],
    [`async (request) => (request.cookies.get("admin")?.value ?? "") === "1"`, NOTHING_SECRET],
    [
      `function (request) { return /bot/.test(request.headers.get("user-agent")); }`,
      NOTHING_SECRET,
    ],
    [`function named(request) { const h = request.headers; return h.has("x-a"); }`, NOTHING_SECRET],
    [`monitor(request) { return request.headers.has("x-monitor"); }`, NOTHING_SECRET],
    [`async monitor({ headers }) { return headers.has("x-monitor"); }`, NOTHING_SECRET],
    [
      `({ headers }) => process.env.NODE_ENV === "development" && headers.has("x-debug")`,
      NOTHING_SECRET,
    ],
    [
      "({ headers }) => headers.get('authorization') === `Bearer ${process.env.MONITOR_TOKEN}`",
      'where the variable is not set, it compares with the text "undefined"',
    ],
    [
      `({ headers }) => JSON.parse(atob(headers.get("authorization").split(".")[1])).admin === true`,
      NOTHING_SECRET,
    ],
    [
      `({ headers }) => Buffer.from(headers.get("x-key"), "base64").toString() === "monitor"`,
      NOTHING_SECRET,
    ],
    [`() => true`, "it does not look at the request"],
    [`({ headers }) => true`, "it does not look at the request"],
    [
      `({ headers }) => headers.get("User-Agent") === BOT`,
      "it reads user-agent, which every client can write",
    ],
    [
      `({ headers }) => headers.get("referer") === "https://".concat(BOT)`,
      "it reads referer, which every client can write",
    ],
    [
      `({ headers }) => NETWORK.includes(headers.get("x-forwarded-for"))`,
      "it reads x-forwarded-for, which every client can write",
    ],
  ])("whyForgeable finds that a client can forge %s", (source, why) => {
    expect(whyForgeable(made(source))).toBe(why);
  });

  test.each([
    "({ headers }) => process.env.KEY && headers.get('authorization') === `Bearer ${process.env.KEY}`",
    "({ headers }) => headers.get('x-key') === process.env['MONITOR_TOKEN']",
    "({ headers }) => headers.get('authorization') === TOKEN",
    "async (request) => (await sessionOf(request))?.user",
    "(request) => crypto.subtle.verify('HMAC', KEY, request.headers.get('x-signature'), DATA)",
    `({ headers }) => headers.get("user-agent") === "m" && headers.get("x-key") === process.env.KEY`,
    `({ headers }) => verified(headers.get("origin"))`,
    `({ headers }) => headers.get("user-agent") === BOT && headers.get("authorization") === TOKEN`,
    `({ headers }) => headers.get("host") === HOST && TOKENS.has(headers.get("x-api-key"))`,
  ])("whyForgeable does not report %s", (source) => {
    expect(whyForgeable(made(source))).toBeUndefined();
  });

  test("whyForgeable does not report values without a readable source, or the sample's resolvers", () => {
    const bound = Response.json.bind(Response);
    for (const other of ["from-code", undefined, bound, Boolean]) {
      expect(whyForgeable(other)).toBeUndefined();
    }
    expect(Object.values(identities).map(whyForgeable)).toEqual(
      Object.values(identities).map(() => undefined),
    );
  });
});

/** Returns a function with the given source, like a function of a policy file. */
function made(source: string): unknown {
  const isMethod = /^(?:async )?monitor\(/.test(source);
  const text = isMethod ? `({ ${source} }).monitor` : `(${source})`;
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is what is tested
  const make = new Function("BOT", "NETWORK", "TOKEN", `return ${text};`) as () => unknown;
  return make();
}

test("freeNamesOf returns the names that a function uses and does not declare", () => {
  const free = freeNamesOf(
    `async ({ headers, url: path }, { a = b } = {}) => {
      const { c, d: [e, ...f] } = await read(path);
      try { g.h(e.i, { j: k, l }); } catch (error) { return [error, c, f, a, headers.m()]; }
      function n(o) { return o + p[q]; }
      return n(1);
    }`,
  );
  expect([...(free?.names ?? [])].toSorted()).toEqual(["g", "k", "l", "p", "q", "read"]);
  expect([...(free?.called ?? [])].toSorted()).toEqual(["g.h", "read"]);
  expect(free?.usesParameter).toBe(true);
  expect(freeNamesOf("(a) => 1")?.usesParameter).toBe(false);
  expect(freeNamesOf("function () { [native code] }")).toBeUndefined();
});
