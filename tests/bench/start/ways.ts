import { join } from "node:path";
import { filesOfNewApp } from "../../package/new-app.ts";
import type { TestStore } from "../../support/gateway.ts";

/** One way to limit the routes of a fresh app. */
export interface Way {
  readonly name: string;
  /** The arguments of `npm install`. */
  readonly packages: readonly string[];
  /** The handwritten files, by path in the app. */
  readonly files: Readonly<Record<string, string>>;
  /** The number of variables to set in one of these files. */
  readonly variables: number;
  /** The number of accounts to make elsewhere. */
  readonly accounts: number;
  /** The arguments of Node for a command that writes files before the app is served, in the app's folder. */
  readonly prepare?: readonly string[];
  /** The arguments of Node that serve the app in development, in the app's folder. */
  readonly serve: readonly string[];
  /** The request that is sent until it is denied. */
  readonly asks: { readonly method: string; readonly path: string };
}

const BIN = join("node_modules", "headgate", "bin.mjs");

const NEXT_DEV = [join("node_modules", "next", "dist", "bin", "next"), "dev", "-p", "0"];

/** The middleware of the README of @upstash/ratelimit, with the limit of docs/start/new-app.md. */
const UPSTASH = `import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { type NextRequest, NextResponse } from "next/server";

const ratelimit = new Ratelimit({
  redis: Redis.fromEnv(),
  limiter: Ratelimit.slidingWindow(5, "60 s"),
});

export default async function proxy(request: NextRequest) {
  const ip = request.headers.get("x-forwarded-for") ?? "127.0.0.1";
  const { success } = await ratelimit.limit(ip);
  if (success) return NextResponse.next();
  return NextResponse.json({ error: "Too many requests" }, { status: 429 });
}

export const config = { matcher: "/api/:path*" };
`;

/**
 * Returns the compared ways. The store of the example is on this machine. In practice an account must be made
 * first, which is not timed.
 *
 * @param tarball the path of the package headgate
 */
export function waysWith(tarball: string, store: TestStore): readonly Way[] {
  const { "app/api/reports/route.ts": _, ...gate } = filesOfNewApp();
  const asks = { method: "GET", path: "/api/hello" };
  const none = { files: gate, variables: 0, accounts: 0, asks };
  return [
    {
      ...none,
      name: "headgate init",
      packages: [tarball],
      files: {},
      prepare: [BIN, "init", "--yes", "--no-install"],
      serve: NEXT_DEV,
      // The generated rule for sign-in allows 10 a minute.
      asks: { method: "POST", path: "/api/login" },
    },
    { name: "headgate, by next dev", packages: [tarball], serve: NEXT_DEV, ...none },
    {
      name: "headgate, by headgate dev",
      packages: [tarball, "wasmoon"],
      serve: [BIN, "dev"],
      ...none,
    },
    {
      name: "@upstash/ratelimit",
      packages: ["@upstash/redis", "@upstash/ratelimit"],
      files: {
        "proxy.ts": UPSTASH,
        ".env.local": `UPSTASH_REDIS_REST_URL=${store.url}\nUPSTASH_REDIS_REST_TOKEN=${store.token}\n`,
      },
      variables: 2,
      accounts: 1,
      serve: NEXT_DEV,
      asks,
    },
  ];
}
