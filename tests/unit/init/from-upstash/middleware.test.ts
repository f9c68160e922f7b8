import { expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { policyLoader, translated } from "../../../support/upstash-app.ts";

const load = policyLoader();

const MATCHER = 'export const config = { matcher: ["/((?!_next/static|favicon.ico).*)"] };';

/** Returns middleware with this function body, and more text after it. */
function middleware(body: string, more = "", head = "") {
  return `import { Ratelimit } from "@upstash/ratelimit";
import { NextResponse } from "next/server";
const limiter = new Ratelimit({ redis, limiter: Ratelimit.fixedWindow(20, "1 m"), prefix: "front" });
${head}
export async function middleware(request) {
  const { pathname } = request.nextUrl;
  const ip = request.headers.get("x-forwarded-for") ?? "127.0.0.1";
  ${body}
  return NextResponse.next();
}
${more}
`;
}

const LIMIT = `const { success } = await limiter.limit(ip);
    if (!success) return new Response("Too many requests", { status: 429 });`;

async function frontOf(file: string, path = "middleware.ts") {
  const { policy } = translated({ [path]: file });
  const loaded = await load(policy);
  compilePolicy(loaded);
  const rules = loaded.rules as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return { policy, rule: rules["front"] };
}

const FRONT = { limits: { ip: "20 per minute" }, algorithm: "fixed-window", mode: "shadow" };

test.each<[string, string, Record<string, unknown>]>([
  ["every request", middleware(LIMIT), { match: "/:path*" }],
  ["its matcher", middleware(LIMIT, MATCHER), { match: "/((?!_next/static|favicon.ico).*)" }],
  [
    "a matcher of several entries",
    middleware(LIMIT, 'export const config = { matcher: ["/a/:path*", { source: "/b" }] };'),
    { match: ["/a/:path*", "/b"] },
  ],
  [
    "the matcher with which the gate calls it",
    middleware(
      LIMIT,
      'export default gate.wrap(middleware, { matcher: "/a/:path*" });\nexport const config = { matcher: ["/:path*"] };',
    ),
    { match: "/a/:path*" },
  ],
  [
    "a folder",
    middleware(`if (pathname.startsWith("/api/")) { ${LIMIT} }`, MATCHER),
    { match: "/api/:path*" },
  ],
  [
    "paths that begin with a text",
    middleware(`if (request.nextUrl.pathname.startsWith("/api")) { ${LIMIT} }`),
    { match: "/api(.*)" },
  ],
  [
    "one path, of one method",
    middleware(`if (pathname === "/login" && request.method === "POST") { ${LIMIT} }`),
    { match: "/login", methods: ["POST"] },
  ],
  [
    "either of two",
    middleware(`if (pathname === "/login" || pathname.startsWith("/auth/")) { ${LIMIT} }`),
    { match: ["/login", "/auth/:path*"] },
  ],
  [
    "a list of paths",
    middleware(`if (PATHS.includes(pathname)) { ${LIMIT} }`, 'const PATHS = ["/a", "/b"];'),
    { match: ["/a", "/b"] },
  ],
  [
    "a list of prefixes in a constant",
    middleware(
      `const isLimited = FOLDERS.some((folder) => pathname.startsWith(folder));
  if (isLimited) { ${LIMIT} }`,
      'const FOLDERS = ["/a/", "/b/"];',
    ),
    { match: ["/a/:path*", "/b/:path*"] },
  ],
  [
    "an early return",
    middleware(`if (!pathname.startsWith("/api/")) return NextResponse.next();
  ${LIMIT}`),
    { match: "/api/:path*" },
  ],
  [
    "all but some paths",
    middleware(`if (pathname.startsWith("/_next/") || pathname === "/health") { return NextResponse.next(); }
  ${LIMIT}`),
    { match: "/((?!_next/|health$).*)" },
  ],
  [
    "a folder in a folder",
    middleware(
      `if (pathname.startsWith("/api/")) { if (pathname.startsWith("/api/ai/")) { ${LIMIT} } }`,
    ),
    { match: "/api/ai/:path*" },
  ],
  [
    "a limiter that may be absent",
    middleware(`if (limiter && pathname.startsWith("/api/")) { try { ${LIMIT} } catch {} }`),
    { match: "/api/:path*" },
  ],
  [
    "a function around the middleware",
    middleware(
      "",
      `export default withAuth(async (request) => {
  if (request.nextUrl.pathname.startsWith("/api/")) await limiter.limit(request.ip);
});`,
    ),
    { match: "/api/:path*" },
  ],
  [
    "the routes of Clerk's createRouteMatcher",
    middleware(
      `if (isLimited(request)) { ${LIMIT} }`,
      "",
      'const isLimited = createRouteMatcher(["/api(.*)", "/contact"]);',
    ),
    { match: ["/api(.*)", "/contact"] },
  ],
  [
    "a function that the middleware calls",
    middleware(
      'if (pathname.startsWith("/api/")) await limited(ip);',
      "const limited = (key) => limiter.limit(key);",
    ),
    { match: "/api/:path*" },
  ],
  [
    "a constant for all clients, of three units",
    middleware('if (pathname === "/a") await limiter.limit("front", { rate: 3 });'),
    { match: "/a", limits: { global: "20 per minute" }, cost: 3 },
  ],
])("a call of middleware for %s becomes a rule that matches the same", async (_, file, about) => {
  expect((await frontOf(file)).rule).toEqual({ ...FRONT, ...about });
});

test.each<[string, string, string]>([
  [
    "something else",
    middleware(`if (request.cookies.has("beta")) { ${LIMIT} }`),
    'it depends on request.cookies.has("beta")',
  ],
  [
    "some paths that exclude others within them",
    middleware(
      `if (pathname.startsWith("/api/") && !pathname.startsWith("/api/open")) { ${LIMIT} }`,
    ),
    "its paths exclude others within them",
  ],
  [
    "a path that the matcher excludes",
    middleware(
      `if (pathname.startsWith("/api/")) { ${LIMIT} }`,
      'export const config = { matcher: "/((?!api|_next).*)" };',
    ),
    "the middleware's matcher excludes /api/:path*",
  ],
  [
    "a user",
    middleware("await limiter.limit(request.auth.userId);"),
    'before the handler the gate knows no "user"',
  ],
])("a call of middleware that depends on %s becomes a rule for code", async (_, file, reason) => {
  const { rule, policy } = await frontOf(file);
  expect(rule).not.toHaveProperty("match");
  expect(rule).toHaveProperty("mode", "enforce");
  expect(policy).toContain(reason);
});

test.each(["src/middleware.ts", "proxy.ts", "src/proxy.js"])(
  "the file %s is middleware",
  async (path) => {
    expect((await frontOf(middleware(LIMIT), path)).rule).toHaveProperty("match");
  },
);
