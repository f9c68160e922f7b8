import * as assert from "node:assert";
import * as asyncHooks from "node:async_hooks";
import * as buffer from "node:buffer";
import * as events from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as util from "node:util";
import { EdgeRuntime } from "edge-runtime";
import { ROOT } from "./app.ts";

/** The middleware as `next build` wrote it for an edge runtime. */
export interface EdgeFunction {
  /** Its files, from the build's folder. */
  readonly files: readonly string[];
  /** What the platform asks of a path before it calls the function. */
  readonly matchers: readonly { readonly regexp: string; readonly originalSource: string }[];
  readonly env: Readonly<Record<string, string>>;
}

/** Reads it from the build's manifest. */
export function edgeFunction(): EdgeFunction {
  const manifest = join(ROOT, ".next", "server", "middleware-manifest.json");
  const { middleware } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly middleware: Readonly<Record<string, EdgeFunction>>;
  };
  const made = middleware["/"];
  if (!made) throw new Error("The build has no middleware.");
  return made;
}

/** The text of its code. */
export function codeOf({ files }: EdgeFunction): string[] {
  return files.map((file) => readFileSync(join(ROOT, ".next", file), "utf8"));
}

/** Calls the function as Next's builders do: by its entry, with the parts of a request. */
const ENTRY = `
addEventListener("fetch", (event) => {
  const answer = async () => {
    const { default: call } = await _ENTRIES.middleware_middleware;
    const { url, method, headers, body } = event.request;
    const { response, waitUntil } = await call({
      request: {
        url,
        method,
        headers: Object.fromEntries(headers),
        body,
        nextConfig: {},
        page: {},
        waitUntil: (work) => event.waitUntil(work),
      },
    });
    event.waitUntil(waitUntil);
    return response;
  };
  event.respondWith(
    answer().catch((error) => {
      console.error(error);
      throw error;
    }),
  );
});`;

/** An instance of the function on Vercel's edge, near enough. */
export interface OnVercel {
  /** Sends a request as Vercel's proxy hands it on, and awaits what goes on after the answer. */
  send(path: string, asking?: Asking): Promise<Response>;
  /** What it wrote. */
  output(): string;
  /** Whether code that is made from text is refused. */
  refusesCode(): boolean;
}

export interface Asking {
  readonly method?: string;
  /** What the client itself sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's address, as Vercel sees it. */
  readonly address?: string;
}

const HOST = "headgate-git-main.vercel.app";

/** The modules of Node's that Vercel's edge has, and no others; Next's own code imports the first. */
const NODE_MODULES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["node:buffer", buffer],
  ["node:async_hooks", asyncHooks],
  ["node:events", events],
  ["node:assert", assert],
  ["node:util", util],
]);

function requireOf(name: string): unknown {
  const found = NODE_MODULES.get(name);
  if (found) return found;
  throw new Error(`Vercel's edge has no ${name}.`);
}

/** Starts the built function with a Vercel project's variables. */
export function startOnVercel(env: Readonly<Record<string, string>>): OnVercel {
  const made = edgeFunction();
  let output = "";
  const write = (...words: unknown[]) => void (output += `${words.map(String).join(" ")}\n`);
  const variables = { NODE_ENV: "production", VERCEL: "1", VERCEL_URL: HOST, ...made.env, ...env };
  const runtime = new EdgeRuntime({
    // What Vercel has there beyond the Web's own: its variables, and a little of Node's.
    extend: (context) =>
      Object.assign(context, {
        AsyncLocalStorage: asyncHooks.AsyncLocalStorage,
        require: requireOf,
        process: { env: variables },
        console: { log: write, warn: write, error: write },
      }),
  });
  for (const code of codeOf(made)) runtime.evaluate(code);
  runtime.evaluate(ENTRY);
  return {
    output: () => output,
    refusesCode: () =>
      runtime.evaluate<boolean>(
        "(() => { try { new Function(''); return false; } catch { return true; } })()",
      ),
    async send(path, { method = "GET", headers = {}, address = "203.0.113.7" } = {}) {
      const answer = await runtime.dispatchFetch(`https://${HOST}${path}`, {
        method,
        headers: { ...headers, ...fromVercel(address) },
      });
      await answer.waitUntil();
      return answer;
    },
  };
}

/** The headers that Vercel's proxy writes, in the place of whatever a client sent. */
function fromVercel(address: string): Record<string, string> {
  return {
    "x-forwarded-for": address,
    "x-real-ip": address,
    "x-vercel-forwarded-for": address,
    "x-forwarded-host": HOST,
    "x-forwarded-proto": "https",
    "x-vercel-deployment-url": HOST,
    "x-vercel-id": "fra1::abcde-1700000000000-0123456789ab",
    "x-vercel-ip-country": "DE",
  };
}
