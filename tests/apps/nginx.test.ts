import { readFileSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { behindNginx, documentedSite, hostsOf, startNginx, startTwo } from "../support/nginx.ts";
import { rawClient, speak, statusesOf } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

type Behind = Awaited<ReturnType<typeof behind>>;

let shared: Behind;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  shared = await behind();
});
afterAll(() => shared?.stop());

/** Starts two instances with a separate store, behind nginx. */
async function behind(env: Record<string, string> = {}) {
  const parts: { stop(): Promise<unknown> }[] = [];
  const stop = async () => {
    for (const part of parts.splice(0).reverse()) await part.stop();
  };
  const started = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    parts.push(part);
    return part;
  };
  try {
    const store = started(await startStore());
    const apps = await startTwo(store, env);
    for (const app of apps) started(app);
    const hosts = hostsOf(apps);
    const nginx = started(await startNginx((port) => documentedSite(hosts, port)));
    return { apps, hosts, nginx, ask: (asked: Asked) => ask(nginx.port, asked), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const separate = async (env: Record<string, string> = {}): Promise<Behind> =>
  cleanUp(await behind(env), (it) => it.stop());

interface Asked {
  /** The loopback address that the client's socket has. */
  readonly from: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request on a separate connection, from the given address. */
function ask(port: number, { from, path = "/api/search", body, ...asked }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = "POST", headers = {} } = asked;
    const options = { host: "127.0.0.1", port, localAddress: from, path, method, headers };
    const sent = request({ ...options, agent: new Agent() }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.on("error", reject).end(body);
  });
}

async function statuses(answers: Iterable<Promise<Answer>>): Promise<number[]> {
  return (await Promise.all(answers)).map(({ status }) => status).toSorted((a, b) => a - b);
}

const times = (n: number, status: number) => Array.from({ length: n }, () => status);
const each = <T>(n: number, one: (i: number) => T) => Array.from({ length: n }, (_, i) => one(i));

describe("two instances behind nginx as docs/guides/nginx.md sets it up", () => {
  test("two instances behind nginx allow exactly 10 of 20 concurrent searches", async () => {
    const { hosts, nginx, ask } = shared;
    const answers = each(20, () => ask({ from: "127.0.0.11" }));
    expect(await statuses(answers)).toEqual([...times(10, 200), ...times(10, 429)]);
    const asked = (host: string) => nginx.tries().filter((line) => line.startsWith(`${host} |`));
    await expect.poll(() => hosts.map((host) => asked(host).length)).toEqual([10, 10]);
  });

  test("instances behind nginx count clients by socket address, whatever clients claim", async () => {
    const { ask, apps } = shared;
    const claim = (i: number) => ({
      "x-forwarded-for": `198.51.100.${i}`,
      "x-real-ip": `198.51.100.${i}`,
      forwarded: `for=198.51.100.${i}`,
      "x-headgate-socket": `nonce 198.51.100.${i}`,
      "x-forwarded-host": "evil.example",
    });
    const forged = each(11, (i) => ask({ from: "127.0.0.12", headers: claim(i) }));
    expect(await statuses(forged)).toEqual([...times(10, 200), 429]);
    const others = each(11, (i) =>
      ask({ from: `127.0.1.${i + 1}`, headers: { "x-forwarded-for": "127.0.0.12" } }),
    );
    expect(await statuses(others)).toEqual(times(11, 200));
    // A header that only a client can have forged is a hint, once per header, and never a warning.
    const told = apps.flatMap((app) => app.output().match(/^.*CLIENT_ADDRESS.*$/gm) ?? []);
    const hints = told.map((line) => JSON.parse(line) as { level: string; message: string });
    expect(hints.filter(({ level }) => level !== "info")).toEqual([]);
    expect(new Set(hints.map(({ message }) => /carried (\S+),/.exec(message)?.[1]))).toEqual(
      new Set(["forwarded", "x-real-ip"]),
    );
    expect(told.length).toBeLessThanOrEqual(2 * apps.length);
    expect(told.join()).not.toContain("198.51.100");
  });

  test("a denial behind nginx has Retry-After and all other headers", async () => {
    const { ask } = shared;
    for (let i = 0; i < 10; i += 1) await ask({ from: "127.0.0.13" });
    const { status, headers, body } = await ask({ from: "127.0.0.13" });
    expect(status).toBe(429);
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      "ratelimit-policy": '"api:ip:minute";q=600;w=60, "search:ip:minute";q=10;w=60',
    });
    const wait = Number(headers["retry-after"]);
    expect(wait).toBeGreaterThan(0);
    expect(headers["ratelimit"]).toBe(`"search:ip:minute";r=0;t=${wait}`);
    expect(JSON.parse(body)).toMatchObject({ "violated-policies": ["search:ip:minute"] });
  });

  test("a redirect of another spelling of a path keeps the client's host behind nginx", async () => {
    const { ask, nginx } = shared;
    const { status, headers } = await ask({ from: "127.0.0.14", path: "/api/search/" });
    expect(status).toBe(308);
    const location = new URL(headers.location ?? "", nginx.url);
    expect(location.href).toBe(`${nginx.url}/api/search`);
  });

  test("an upgrade through nginx is counted and answered like any other request", async () => {
    const { nginx } = shared;
    const handshake = [
      "GET /api/search HTTP/1.1",
      "Host: app.example",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    const answers: number[] = [];
    for (let i = 0; i < 11; i += 1) {
      const client = cleanUp(rawClient(nginx.port), ({ socket }) => socket.destroy());
      client.socket.write(`${handshake.join("\r\n")}\r\n\r\n`);
      await expect.poll(() => statusesOf(client.text())).toHaveLength(1);
      answers.push(...statusesOf(client.text()));
    }
    expect(answers).toEqual([...times(10, 200), 429]);
  });

  test("nginx forwards no request that hides in another", async () => {
    const { nginx } = shared;
    const smuggled = [
      "POST /api/search HTTP/1.1",
      "Host: app.example",
      "Content-Length: 4",
      "Transfer-Encoding: chunked",
      "",
      "0",
      "",
      "GET /api/health HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n",
    ];
    expect(statusesOf(await speak(nginx.port, smuggled.join("\r\n")))).toEqual([400]);
  });
});

describe("bodies through nginx", () => {
  const TRACK = "/api/analytics/track";
  const view = JSON.stringify({ type: "profile_view", artistId: "a-1", sessionId: "test-123" });
  const headers = { "content-type": "application/json" };

  test("bodies arrive whole through nginx, with a length or in chunks", async () => {
    const { ask } = shared;
    const post = { from: "127.0.0.17", path: TRACK, body: view };
    expect((await ask({ ...post, headers })).status).toBe(200);
    const chunked = { ...headers, "transfer-encoding": "chunked" };
    expect((await ask({ ...post, headers: chunked })).status).toBe(200);
  });

  test("nginx stops a body above the size limit, and forwards a body at the limit", async () => {
    const { ask, nginx } = shared;
    const largest = 1_048_576;
    const post = { from: "127.0.0.18", path: TRACK, headers };
    const taken = await ask({ ...post, body: "x".repeat(largest) });
    // This is the handler's own bound: nginx and our server have forwarded the body.
    expect(taken.headers["content-type"]).toContain("application/problem+json");
    const refused = await ask({ ...post, body: "x".repeat(largest + 1) });
    expect(refused.status).toBe(413);
    await expect.poll(() => nginx.tries().at(-1)).toBe("- | - | 413");
  });

  test("an instance with a smaller size limit rejects a body, and nginx forwards the 413", async () => {
    const { ask, nginx } = await separate({ MAX_BODY_BYTES: "1024" });
    const body = "x".repeat(1025);
    expect((await ask({ from: "127.0.0.19", path: TRACK, headers, body })).status).toBe(413);
    await expect.poll(() => nginx.tries().at(-1)).toContain("| 413 | 413");
  });
});

describe("when an instance stops", () => {
  /** Sends requests continuously, a few at once, until end() is called. */
  function flow(one: (n: number) => Promise<Answer>) {
    let flowing = true;
    const answers: number[] = [];
    let count = 0;
    const lane = async () => {
      while (flowing) {
        count += 1;
        answers.push((await one(count)).status);
      }
    };
    const lanes = Promise.all(each(8, lane));
    return {
      count: () => answers.length,
      async end() {
        flowing = false;
        await lanes;
        return answers;
      },
    };
  }

  const health = { from: "127.0.0.19", path: "/api/health", method: "GET" };

  test("nginx sends a repeatable request to the other instance when one stops", async () => {
    const { apps, hosts, nginx, ask } = await separate();
    const flowing = flow(() => ask(health));
    await expect.poll(flowing.count).toBeGreaterThan(100);
    expect(await apps[0].stop()).toBe(0);
    const before = flowing.count();
    await expect.poll(flowing.count).toBeGreaterThan(before + 100);
    expect(new Set(await flowing.end())).toEqual(new Set([200]));
    // nginx tried the stopped instance first, and then the other one.
    await expect.poll(() => nginx.tries()).toContain(`${hosts[0]}, ${hosts[1]} | 502, 200 | 200`);
  });

  test("no request is lost when nginx marks an instance as down before it stops", async () => {
    const { apps, hosts, nginx } = await separate();
    const post = (n: number) => ask(nginx.port, { from: `127.1.${n >> 8}.${n & 255 || 1}` });
    const flowing = flow(post);
    await expect.poll(flowing.count).toBeGreaterThan(100);
    await nginx.reload((port) =>
      documentedSite(hosts, port).replace(`${hosts[0]} `, `${hosts[0]} down `),
    );
    expect(await apps[0].stop()).toBe(0);
    const before = flowing.count();
    await expect.poll(flowing.count).toBeGreaterThan(before + 100);
    expect(new Set(await flowing.end())).toEqual(new Set([200]));
    expect(nginx.tries().filter((line) => line.includes("502"))).toEqual([]);
  });
});

test("nginx closes an idle connection before an instance does", async () => {
  const { apps } = shared;
  const answer = await fetch(`${apps[0].url}/api/health`);
  const [, ours] = /timeout=(\d+)/.exec(answer.headers.get("keep-alive") ?? "") ?? [];
  const page = readFileSync(join(ROOT, "docs", "guides", "nginx.md"), "utf8");
  const [, its] = /^ +keepalive_timeout (\d+)s;$/m.exec(page) ?? [];
  expect(Number(its)).toBeGreaterThan(0);
  expect(Number(its)).toBeLessThan(Number(ours));
});

test("the target of the shared suite behind nginx counts by the announced address", async () => {
  await behindNginx.build();
  const store = cleanUp(await startStore(), (it) => it.stop());
  const placed = cleanUp(await behindNginx.start(store, {}), (it) => it.stop());
  const search = (address: string) =>
    fetch(`${placed.url}/api/search`, { headers: behindNginx.from(address) });
  const answers = await Promise.all(each(11, () => search("203.0.113.9")));
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(1);
  expect((await search("203.0.113.10")).status).toBe(200);
  expect(placed.output().match(/^ready /gm)).toHaveLength(2);
});
