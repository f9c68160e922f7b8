import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningApp } from "../support/app.ts";
import { asProxy, buildIn, fixture, startIn } from "../support/fixture.ts";
import { startStore } from "../support/gateway.ts";
import { type RawAnswer, sendRaw } from "../support/raw-http.ts";
import { type Spelling, spellings } from "../support/spellings.ts";
import { INTERNAL_HEADERS, ROUTES, SERVED, UNSERVED, VARIANTS } from "./spellings/app.ts";

/** With trailingSlash `/users/.rsc` and `/users/` look the same to middleware, as docs/concepts/security.md says. */
const NAMELESS = /(?:\/|%2f|%5c|\\)(?:\.|%2e)rsc/i;

/** The number of spellings per variant. `npm run test:spellings` tries more, in more apps. */
const USUAL_RUNS = 200;
const RUNS = Number(process.env["SPELLINGS_RUNS"] ?? USUAL_RUNS);

/** The handler that served a request. Each handler puts its name into a header or its page. */
function servedBy({ headers, body }: RawAnswer): string | undefined {
  return headers.get("x-served") ?? /served:([\w-]+)\./.exec(body)?.[1];
}

/** The rules that counted a request. */
function countedBy({ headers }: RawAnswer): string[] {
  const limits = headers.get("ratelimit") ?? "";
  return [...limits.matchAll(/"([\w-]+):ip:day"/g)].flatMap(([, name]) => name ?? []);
}

/** The handler that was reached without the rule of its name, or undefined when the rule counted. */
function wayRound(answer: RawAnswer): string | undefined {
  const served = servedBy(answer);
  const counted = countedBy(answer).map((name) => name.replace("-options", ""));
  return served !== undefined && !counted.includes(served) ? served : undefined;
}

let store: Awaited<ReturnType<typeof startStore>>;

beforeAll(async () => {
  store = await startStore();
});

afterAll(() => store?.stop());

/** Each variant has its gate once in middleware.ts, at the edge, and once in proxy.ts, in Node. */
const ALL_APPS = VARIANTS.flatMap((app) =>
  (["middleware.ts", "proxy.ts"] as const).map((file) => ({ file, ...app })),
);

type App = (typeof ALL_APPS)[number];

/** Apps with URLs as sent are tested with middleware.ts alone. */
const isOfInterest = ({ file, variant, like }: App) => variant === like || file === "middleware.ts";

/** A usual run tests normalized URLs in middleware.ts. Next treats paths alike before proxy.ts. */
const isUsual = ({ file, variant, like }: App) => file === "middleware.ts" && variant === like;

const APPS = ALL_APPS.filter((app) => isOfInterest(app) && (RUNS > USUAL_RUNS || isUsual(app)));

describe.each(APPS)(
  "$file in an app of the variant $variant",
  ({ file, variant, like, ...routes }) => {
    const { basePath, ending } = routes;
    // Next treats paths alike in these variants, so fewer spellings are enough.
    const runs = file === "proxy.ts" || variant !== like ? Math.ceil(RUNS / 3) : RUNS;
    let app: RunningApp;
    let folder: string;
    let buildId: string;

    beforeAll(async () => {
      const env = { SPELLINGS_VARIANT: variant };
      folder = file === "proxy.ts" ? asProxy("spellings") : fixture("spellings");
      buildIn(folder, env);
      buildId = readFileSync(join(folder, ".next", variant, "BUILD_ID"), "utf8");
      app = await startIn(folder, {
        ...env,
        UPSTASH_REDIS_REST_URL: store.url,
        UPSTASH_REDIS_REST_TOKEN: store.token,
      });
    });

    afterAll(() => app?.stop());

    const send = ({ method, target, headers }: Spelling) =>
      sendRaw(app.url, method, target, ["X-Forwarded-For: 203.0.113.9", ...headers]);

    const get = (target: string, ...headers: readonly string[]) =>
      send({ method: "GET", target, headers });

    test.each(ROUTES)("a request for %s is served and counted", async (path) => {
      const answer = await get(basePath + path + ending);
      expect(answer.status).toBe(200);
      expect(countedBy(answer)).toEqual([servedBy(answer)]);
    });

    const served = SERVED[like] ?? [];
    test.each(served.filter(([path]) => !UNSERVED.has(`${variant} ${path}`)))(
      "the spelling %s is served and counted by the rule %s",
      async (spelled, rule) => {
        const answer = await get(spelled.replace("BUILD", buildId));
        expect(servedBy(answer)).toBe(rule);
        expect(countedBy(answer)).toContain(rule);
      },
    );

    test("a base path in another case serves nothing uncounted", async () => {
      for (const path of ["/short", "/api/limited", "/drive/a/b", "/7/last", "/old/7"]) {
        const answer = await get(basePath.toUpperCase() + path + ending);
        expect(wayRound(answer)).toBeUndefined();
      }
    });

    test("no spelling of a path is served uncounted", async () => {
      let served = 0;
      const isCounted = fc.asyncProperty(spellings({ buildId, ...routes }), async (spelling) => {
        fc.pre(ending === "" || !NAMELESS.test(spelling.target));
        const answer = await send(spelling);
        if (servedBy(answer) !== undefined) served += 1;
        expect(wayRound(answer)).toBeUndefined();
      });
      // Spellings that no handler serves would prove nothing. How many are served is chance, so more are tried.
      for (let round = 0; round < 5 && served <= runs / 30; round += 1) {
        await fc.assert(isCounted, { numRuns: runs });
      }
      expect(served).toBeGreaterThan(runs / 30);
    });

    test.each(INTERNAL_HEADERS)(
      "the header %j changes neither the response nor the counting",
      async (header) => {
        const path = basePath + "/api/limited" + ending;
        const answer = await get(path, header);
        expect([answer.status, servedBy(answer), countedBy(answer)]).toEqual([
          200,
          "limited",
          ["limited"],
        ]);
        expect(answer.headers.get("x-saw")).toBe("");
      },
    );

    test("HEAD counts as GET, and a preflight is free unless a rule names OPTIONS", async () => {
      const ask = (method: string, path: string) =>
        send({
          method,
          target: basePath + path + ending,
          headers: ["Origin: https://other.example", "Access-Control-Request-Method: POST"],
        });
      expect(countedBy(await ask("HEAD", "/api/limited"))).toEqual(["limited"]);
      expect(countedBy(await ask("OPTIONS", "/api/limited"))).toEqual([]);
      expect(countedBy(await ask("OPTIONS", "/api/legacy"))).toEqual(["legacy-options"]);
    });

    test("a Server Action counts on its page's route, also when it is sent to another page", async () => {
      const server = join(folder, ".next", variant, "server");
      const actions = readFileSync(join(server, "server-reference-manifest.json"), "utf8");
      const id = /"([0-9a-f]{40,})"/.exec(actions)?.[1] ?? "";
      const act = (path: string) =>
        fetch(app.url + basePath + path + ending, {
          method: "POST",
          headers: {
            "next-action": id,
            "content-type": "text/plain;charset=UTF-8",
            "x-forwarded-for": "203.0.113.9",
          },
          body: "[]",
        });
      // With trailingSlash Next redirects a forwarded action, and does not run it. This is a limit of Next.
      const others = ending === "/" ? [] : ["/pages/static", "/nowhere"];
      for (const path of ["/action", ...others]) {
        const answer = await act(path);
        expect(answer.headers.get("content-type")).toBe("text/x-component");
        expect(answer.headers.get("ratelimit")).toContain('"action:ip:day"');
      }
    });
  },
);
