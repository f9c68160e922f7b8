import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp, startApp, startProgram } from "../support/app.ts";
import { liveStore } from "../support/live-store.ts";
import { promtool } from "../support/promtool.ts";
import { scope } from "../support/scope.ts";

const live = liveStore();
const cleanUp = scope();
const METRICS_TOKEN = "a-token-of-the-scraper";
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

beforeAll(() => buildOnce(ROOT, () => {}));

/** The variables of an instance. Each namespace has separate counts. */
function variables(namespace: string): Record<string, string> {
  return {
    UPSTASH_REDIS_REST_URL: live.store.url,
    UPSTASH_REDIS_REST_TOKEN: live.store.token,
    CLIENT_IP_FROM: "hops:1",
    HEADGATE_NAMESPACE: namespace,
    // The default, which an operator waits for.
    METRICS_WINDOW_MS: "",
  };
}

async function start(namespace: string, more: Record<string, string> = {}): Promise<RunningApp> {
  return cleanUp(await startApp({ ...variables(namespace), ...more }), (it) => it.stop("SIGKILL"));
}

const search = ({ url }: RunningApp, address = "203.0.113.5") =>
  fetch(`${url}/api/search?q=a`, { headers: { "x-forwarded-for": address } });

/** The middleware decides, and the handler claims the event. */
const track = ({ url }: RunningApp, sessionId: string) =>
  fetch(`${url}/api/analytics/track`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.6" },
    body: JSON.stringify({ type: "view", artistId: "artist-1", sessionId }),
  });

const scrape = ({ url }: RunningApp, token = METRICS_TOKEN) =>
  fetch(`${url}/api/metrics`, { headers: { authorization: `Bearer ${token}` } });

const totals = (namespace: string) => live.direct.hgetall(`${namespace}:{counters}:totals`);

/** The metrics of docs/reference/metrics.md, with type and labels. */
function documented(): readonly string[] {
  const page = readFileSync(join(ROOT, "docs", "reference", "metrics.md"), "utf8");
  const rows = page.matchAll(/^\| `(headgate_\w+)` \| (\w+) \| ([^|]*) \|/gm);
  return [...rows].map(([, name = "", type = "", labels = ""]) => {
    const names = [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label);
    return `${name} ${type} ${names.join(",")}`.trim();
  });
}

describe("/api/metrics of the built sample", () => {
  test("/api/metrics returns the counts of all instances to a scraper with the token within three seconds", async () => {
    const namespace = "metrics-scrape";
    const [app, other] = [
      await start(namespace, { METRICS_TOKEN }),
      await start(namespace, { METRICS_TOKEN }),
    ];
    const statuses: number[] = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await search(i % 2 === 0 ? app : other)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    const sentAt = performance.now();
    await expect
      .poll(async () => (await scrape(app)).text(), { timeout: 10_000, interval: 50 })
      .toContain('headgate_decisions_total{rule="search",outcome="denied"} 2\n');
    await expect
      .poll(async () => (await scrape(other)).text(), { timeout: 10_000, interval: 50 })
      .toContain('headgate_decisions_total{rule="search",outcome="allowed"} 10\n');
    expect(performance.now() - sentAt).toBeLessThan(3000);

    const answer = await scrape(app);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const text = await answer.text();
    expect(text).toMatch(/^headgate_redis_up 1$/m);
    expect(text).toMatch(/^headgate_redis_memory_used_bytes \d{5,}$/m);
    expect(text).not.toContain("203.0.113");
    expect(await promtool(["check", "metrics"], text)).toEqual({ ok: true, output: "" });

    const exported = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) =>
      [name, type].join(" "),
    );
    expect(documented().map((row) => row.split(" ", 2).join(" "))).toEqual(exported);

    expect((await scrape(app, "another token")).status).toBe(401);
    expect((await fetch(`${app.url}/api/metrics`)).status).toBe(401);
  });
});

describe("the counts of an instance's last window", () => {
  /** Starts an instance, has it count in the middleware and in a handler, and stops it at once. */
  async function countAndStop(
    app: RunningApp,
    namespace: string,
    signal: NodeJS.Signals,
  ): Promise<Readonly<Record<string, string>>> {
    await Promise.all(Array.from({ length: 5 }, () => search(app)));
    await Promise.all(["a", "b", "c"].map((session) => track(app, session)));
    await app.stop(signal);
    return totals(namespace);
  }

  const COUNTED = {
    "decisions_total search allowed": "5",
    "decisions_total analytics allowed": "3",
    "dedup_total first": "3",
  };

  test("the server writes its last counts when it stops", async () => {
    const app = await start("metrics-term");
    expect((await scrape(app)).status).toBe(404);
    expect(await countAndStop(app, "metrics-term", "SIGTERM")).toMatchObject(COUNTED);
  });

  test("next start writes its last counts when it stops", async () => {
    const env = variables("metrics-next");
    const app = cleanUp(
      await startProgram([NEXT, "start", "-p", "0", "-H", "127.0.0.1"], env),
      (it) => it.stop("SIGKILL"),
    );
    expect(await countAndStop(app, "metrics-next", "SIGTERM")).toMatchObject(COUNTED);
  });

  test("an instance that is killed loses its last window of counts, and nothing else", async () => {
    const app = await start("metrics-kill");
    await search(app);
    await expect
      .poll(async () => totals("metrics-kill"), { timeout: 10_000 })
      .toMatchObject({ "decisions_total search allowed": "1" });
    expect(await countAndStop(app, "metrics-kill", "SIGKILL")).toMatchObject({
      "decisions_total search allowed": "1",
      "decisions_total api allowed": "1",
    });
  });
});
