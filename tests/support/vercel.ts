import * as assert from "node:assert";
import * as asyncHooks from "node:async_hooks";
import * as buffer from "node:buffer";
import * as events from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as util from "node:util";
import { EdgeRuntime } from "edge-runtime";
import { ROOT } from "./app.ts";

/** The middleware that `next build` wrote for an edge runtime. */
export interface EdgeFunction {
  /** The files of the middleware, from the build's folder. */
  readonly files: readonly string[];
  /** The patterns of paths for which the platform calls the function. */
  readonly matchers: readonly { readonly regexp: string; readonly originalSource: string }[];
  readonly env: Readonly<Record<string, string>>;
}

/** Reads the middleware from the build's manifest. */
export function edgeFunction(): EdgeFunction {
  const manifest = join(ROOT, ".next", "server", "middleware-manifest.json");
  const { middleware } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly middleware: Readonly<Record<string, EdgeFunction>>;
  };
  const made = middleware["/"];
  if (!made) throw new Error("The build has no middleware.");
  return made;
}

/** Returns the code of the middleware. */
export function codeOf({ files }: EdgeFunction): string[] {
  return files.map((file) => readFileSync(join(ROOT, ".next", file), "utf8"));
}

/** Calls the function like Next's builders: by its entry, with the parts of a request. */
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

/** An instance of the function in a model of Vercel's edge. */
export interface OnVercel {
  /** Sends a request like Vercel's proxy, and awaits the work after the response. */
  send(path: string, request?: VercelRequest): Promise<Response>;
  /** The output of the function. */
  output(): string;
  /** True if the runtime rejects code that is made from text. */
  refusesCode(): boolean;
}

export interface VercelRequest {
  readonly method?: string;
  /** The headers that the client sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's address for Vercel. */
  readonly address?: string;
}

const HOST = "headgate-git-main.vercel.app";

/** The only Node modules of Vercel's edge. Next's own code imports the first one. */
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
    // The globals of Vercel's edge besides those of the Web: its variables, and a few of Node.
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

/** Returns the headers that Vercel's proxy writes, which replace those of a client. */
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
