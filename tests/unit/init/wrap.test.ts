import { describe, expect, test } from "vitest";
import { wrapMiddleware } from "#lib/init/wrap";
import { runsOn } from "#lib/runs-on";
import { MIDDLEWARE_FORMS } from "../../support/middleware-forms.ts";
import { runMiddleware } from "../../support/run-middleware.ts";

const FORMS = MIDDLEWARE_FORMS.map((form) => [form.name, form] as const);
const SETTINGS = { gate: "./gate" };

const isSubsequence = (of: string, whole: string) => {
  let at = 0;
  for (const character of whole) if (character === of[at]) at += 1;
  return at === of.length;
};

describe.each(FORMS)("%s", (_, { file, source, wrapped }) => {
  const name = file.startsWith("proxy") ? "proxy" : "middleware";
  const hasMatcher = source.includes("matcher");

  test("the middleware is wrapped only by insertions", () => {
    expect(wrapMiddleware(file, source, SETTINGS)).toEqual({ kind: "changed", source: wrapped });
    expect(isSubsequence(source, wrapped)).toBe(true);
  });

  test("the middleware does not change the second time", () => {
    expect(wrapMiddleware(file, wrapped, SETTINGS)).toEqual({ kind: "unchanged" });
  });

  test("wrapping keeps Windows line endings and the byte order mark", () => {
    const ofWindows = (text: string) => `\uFEFF${text.replaceAll("\n", "\r\n")}`;
    expect(wrapMiddleware(file, ofWindows(source), SETTINGS)).toEqual({
      kind: "changed",
      source: ofWindows(wrapped),
    });
  });

  test("the wrapped middleware runs behind the gate on the same paths as before", async () => {
    const before = await runMiddleware(file, source, name);
    expect(await before.send("/mine/one")).toMatchObject({ body: "own", own: 1 });

    const { send } = await runMiddleware(file, wrapped, name);
    expect(await send("/mine/one")).toMatchObject({ status: 200, body: "own", own: 1 });
    expect(await send("/other")).toMatchObject(
      hasMatcher ? { isPassedOn: true, own: 1 } : { body: "own", own: 2 },
    );
    const own = hasMatcher ? 2 : 3;
    expect(await send("/mine/two")).toMatchObject({ status: 200, body: "own", own });
    expect(await send("/mine/two")).toMatchObject({ status: 429, own });
  });
});

describe("a middleware that cannot be wrapped", () => {
  const CONFIG = 'export const config = { matcher: ["/mine"] };';
  const FUNCTION = "export function middleware() {}";

  test.each([
    ["a class", "middleware.ts", "export default class {}", 1, "it is not a function"],
    ["an object", "middleware.ts", "\nexport default { fetch() {} };", 2, "it is not a function"],
    ["a string under the name", "proxy.ts", 'export const proxy = "";', 1, "it is not a function"],
    ["no export", "middleware.ts", "\nfunction middleware() {}", 1, "`middleware` or the default"],
    ["a name of the other file", "proxy.ts", FUNCTION, 1, "`proxy` or the default export"],
    ["a type of the name", "middleware.ts", "export type middleware = 1;", 1, "has neither"],
    ["a listed type", "middleware.ts", 'export type { middleware } from "a";', 1, "has neither"],
    ["all of a module", "middleware.ts", 'export * from "./own";', 1, "name its exports"],
    ["a file with a syntax error", "middleware.ts", "export default (;", 1, "cannot be parsed"],
    [
      "overloads without a name",
      "middleware.ts",
      "export default function (a: 1): 2;\nexport default function (a: 1) {}",
      1,
      "give it one",
    ],
    ["a comment in the export", "middleware.ts", "export /* a */ default own;", 1, "move it first"],
    [
      "a default beside it",
      "middleware.ts",
      'export { middleware, default } from "./own";',
      1,
      "remove it",
    ],
    [
      "a method of module.exports",
      "middleware.js",
      "module.exports = {\n  middleware() {},\n};",
      2,
      "write it as `name: function",
    ],
    [
      "a config of CommonJS",
      "middleware.js",
      "exports.config = { matcher: [] };\nexports.middleware = own;",
      1,
      "does not read `config`",
    ],
    [
      "a config in module.exports",
      "middleware.js",
      "module.exports = {\n  middleware,\n  config: {},\n};",
      3,
      "does not read `config`",
    ],
    [
      "a config of let",
      "middleware.ts",
      `${FUNCTION}\nexport let config = { matcher: [] };`,
      2,
      "write it that way first",
    ],
    [
      "a listed config",
      "middleware.ts",
      `${FUNCTION}\nconst config = {};\nexport { config };`,
      3,
      "write it that way first",
    ],
    [
      "a config of a module",
      "middleware.ts",
      `${FUNCTION}\nexport { config } from "./own";`,
      2,
      "write it that way first",
    ],
    [
      "a destructured config",
      "middleware.ts",
      `${FUNCTION}\nexport const { config } = own;`,
      2,
      "write it that way first",
    ],
    [
      "a config among others",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: "/a" }, other = 1;`,
      2,
      "a separate statement",
    ],
    [
      "a config that is no object",
      "middleware.ts",
      `${FUNCTION}\nexport const config = [];`,
      2,
      "must be an object",
    ],
    [
      "a name in the config",
      "middleware.ts",
      `${FUNCTION}\nexport const config = {\n  matcher: PATHS,\n};`,
      3,
      "must be a literal",
    ],
    [
      "a spread in the config",
      "middleware.ts",
      `${FUNCTION}\nexport const config = {\n  ...shared,\n};`,
      3,
      "must be a literal",
    ],
    [
      "a spread in the matcher",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: [...PATHS] };`,
      2,
      "must be a literal",
    ],
    [
      "a template in the matcher",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: \`/\${a}\` };`,
      2,
      "must be a literal",
    ],
    [
      "a call in the config",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: String.raw\`/a\` };`,
      2,
      "must be a literal",
    ],
    [
      "a shorthand in the config",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher };`,
      2,
      "must be a literal",
    ],
    [
      "a computed name",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { ["matcher"]: "/a" };`,
      2,
      "must be a literal",
    ],
    [
      "a matcher that is an object",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: { source: "/a" } };`,
      2,
      "a string or a list",
    ],
    [
      "an entry without a source",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: [{ has: [] }] };`,
      2,
      "without a source",
    ],
    [
      "an entry with a regexp",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: [{ source: "/a", regexp: "^/a" }] };`,
      2,
      "the field `regexp`",
    ],
    [
      "a source that is no pattern",
      "middleware.ts",
      `${FUNCTION}\nexport const config = { matcher: "/(a" };`,
      2,
      'the matcher "/(a"',
    ],
  ])("wrapMiddleware reports %s", (_, file, source, line, reason) => {
    expect(wrapMiddleware(file, source, SETTINGS)).toEqual({
      kind: "cannot",
      reason: expect.stringContaining(reason) as unknown,
    });
    const { reason: told } = wrapMiddleware(file, source, SETTINGS) as { readonly reason: string };
    expect(told).toMatch(new RegExp(`^${file}, line ${line}: [A-Z\`].*\\.$`));
  });

  test("wrapMiddleware reports `locale: false` only when next.config has locales", () => {
    const source = `${FUNCTION}\nexport const config = { matcher: [{ source: "/nl", locale: false }] };`;
    const wrap = (hasLocales: boolean) =>
      wrapMiddleware("middleware.ts", source, { gate: "./gate", hasLocales });
    expect(wrap(false)).toMatchObject({ kind: "changed" });
    expect(wrap(true)).toMatchObject({
      reason: expect.stringContaining("locale: false") as unknown,
    });
  });

  test("wrapMiddleware does not change a middleware that has the gate already, in any form", () => {
    for (const source of [
      'import { gate } from "@/gate";\nexport default gate.middleware;',
      `import { gate as g } from "./gate";\nexport const middleware = g.wrap(own);\n${CONFIG}`,
      'import { createHeadgate } from "headgate";\nexport default createHeadgate(policy).middleware;',
      'const { gate } = require("./gate");\nmodule.exports = gate.middleware;',
    ]) {
      expect(wrapMiddleware("middleware.ts", source, SETTINGS)).toEqual({ kind: "unchanged" });
    }
  });
});

describe("the matcher of the gate", () => {
  const wrapped = (matcher: string) => {
    const source = `export default own;\nexport const config = { matcher: ${matcher} };\n`;
    const changed = wrapMiddleware("middleware.ts", source, SETTINGS) as {
      readonly source: string;
    };
    const [, literal = ""] = /config = \{ matcher: \[(".*?")\] \}/.exec(changed.source) ?? [];
    return JSON.parse(literal) as string;
  };

  test.each([
    [String.raw`"/((?!api|_next/static|_next/image|favicon.ico).*)"`, false],
    [String.raw`"/((?!api|_next/static|_next/image|.*\\.png$).*)"`, false],
    [String.raw`["/((?!_next|[^?]*\\.(?:html?|css|js(?!on)|ico)).*)", "/(api|trpc)(.*)"]`, false],
    [String.raw`["/about", { source: "/((?!api|favicon).*)", missing: [] }]`, true],
    [String.raw`"/:path*"`, true],
    ["[]", false],
  ])(
    "the matcher of the gate excludes no file that the app's own %s includes",
    (own, isStaticSeen) => {
      const seen = runsOn(wrapped(own), () => "seen");
      const sees = (path: string) =>
        seen(new Request(`http://app.example${path}`), undefined) === "seen";
      expect(sees("/_next/static/chunks/a.js")).toBe(isStaticSeen);
      for (const path of ["/", "/api", "/a/b.png", "/favicon.ico", "/_next/image"]) {
        expect(sees(path)).toBe(true);
      }
    },
  );
});
