import { createRequire } from "node:module";
import { NextRequest } from "next/server.js";
import { rolldown } from "rolldown";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { memoryLimits } from "#lib/memory";
import { definePolicy } from "#lib/policy/define";

type Handler = (request: NextRequest, event: { waitUntil(): void }) => unknown;
type Exports = Readonly<Record<string, unknown>>;

/** The result of a middleware of {@link MIDDLEWARE_FORMS}. */
export interface Ran {
  /** The response, and the number of runs of the app's own middleware so far. */
  readonly send: (path: string) => Promise<{
    readonly status: number;
    readonly body: string;
    readonly isPassedOn: boolean;
    readonly own: number;
  }>;
}

const policy = definePolicy({
  rules: { all: { match: "/:path*", limits: { ip: "3 per minute" } } },
});

const require = createRequire(import.meta.url);

/**
 * Bundles a middleware, loads it like Next, and returns a function that runs it. Its gate allows three requests.
 *
 * @param name the export that Next prefers to the default export
 */
export async function runMiddleware(file: string, source: string, name: string): Promise<Ran> {
  let own = 0;
  const run = () => {
    own += 1;
    return new Response("own");
  };
  const modules: Readonly<Record<string, Exports>> = {
    "./gate": { gate: gateInMemory() },
    "./own": ownModule(run),
  };
  const code = await bundle(file, source);
  const loaded: { exports: unknown } = { exports: {} };
  // oxlint-disable-next-line typescript/no-implied-eval -- a bundle of the test's own source
  new Function("require", "module", "exports", code)(
    (path: string) => modules[path] ?? (require(path) as unknown),
    loaded,
    loaded.exports,
  );
  const exported = loaded.exports;
  const mod = (typeof exported === "function" ? { default: exported } : exported) as Exports;
  const handler = (mod[name] ?? mod["default"]) as Handler;
  return {
    async send(path) {
      const request = new NextRequest(`http://app.example${path}`, {
        headers: { "x-forwarded-for": "203.0.113.7" },
      });
      const response = (await handler(request, { waitUntil() {} })) as Response;
      const isPassedOn = response.headers.get("x-middleware-next") === "1";
      return { status: response.status, body: await response.text(), isPassedOn, own };
    },
  };
}

function gateInMemory() {
  return createHeadgate(policy, () => ({
    ...fromEnv({ NODE_ENV: "development", CLIENT_IP_FROM: "hops:1" }),
    limitStore: memoryLimits(),
    onEvent: [],
  }));
}

/** The module that the forms import as `./own`. */
function ownModule(run: () => Response): Exports {
  const withOwn =
    (first: (seen: () => void, request: unknown) => unknown = () => {}) =>
    async (request: unknown) => {
      await first(() => {}, request);
      return run();
    };
  const never = () => {
    throw new Error("Next does not run this.");
  };
  const OwnAuth = () => ({ auth: run, signIn: never });
  const gate = () => true;
  return {
    __esModule: true,
    default: run,
    auth: run,
    run,
    withOwn,
    withEither: (first: unknown) => first,
    OwnAuth,
    gate,
    own: 1,
    other: never,
  };
}

async function bundle(file: string, source: string): Promise<string> {
  const id = `/${file}`;
  const made = await rolldown({
    input: id,
    external: (path) => path !== id,
    plugins: [
      {
        name: "source",
        resolveId: (path) => (path === id ? path : null),
        load: (path) =>
          path === id ? { code: source, moduleType: file.endsWith("ts") ? "ts" : "js" } : null,
      },
    ],
  });
  const { output } = await made.generate({ format: "cjs", exports: "named" });
  await made.close();
  return output[0].code;
}
