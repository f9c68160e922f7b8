import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { connectionsAllowed } from "#lib/gateway/connections";
import { ROOT, type RunningApp, START, startApp, startProgram } from "../support/app.ts";
import { drip, rawClient, speak, statusesOf } from "../support/raw-client.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";
import { smuggled } from "../support/smuggling.ts";

const cleanUp = scope();
const cleanUpAtEnd = scope(afterAll);
const HOST = "Host: x\r\n";
const CLOSE = "Connection: close\r\n";
const search = (headers = "") => `GET /api/search HTTP/1.1\r\n${HOST}${headers}\r\n`;

beforeAll(() => buildOnce(ROOT, () => {}));

async function redisAndApp(env: Readonly<Record<string, string>> = {}) {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const app = cleanUp(await startApp({ REDIS_URL: redis.url, ...env }), (it) => it.stop());
  const store = cleanUp(new Redis(redis.url), (it) => it.disconnect());
  return { app, port: Number(new URL(app.url).port), store };
}

/** Sends a request as another client, on a separate connection. */
async function other(port: number, path = "/api/health") {
  const text = await speak(port, `GET ${path} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
  return { status: statusesOf(text)[0], left: remainingOf(text)[0] };
}

/** The remaining searches that each response announces. */
function remainingOf(text: string): number[] {
  return [...text.matchAll(/"search:ip:minute";r=(\d+)/g)].map(([, left]) => Number(left));
}

/** A log line about connections that a setting ended. It contains nothing that a client sent. */
const ENDED =
  /^warning +\d+ connections? (?:was|were) ended with 4\d\d: [\w -]+\. ([\w=-]+) sets .*\n/gm;

/** The settings that the log names, in the order of their first lines. */
function endedBy(app: RunningApp): string[] {
  return [...new Set([...app.output().matchAll(ENDED)].map(([, name = ""]) => name))];
}

/**
 * The output of the running app, without the lines of Next about aborted bodies and without the lines about
 * ended connections.
 */
function logOf(app: RunningApp): string {
  const [, log = ""] = app.output().split(`${app.url}\n`);
  // Denials are lines of the gate.
  const rest = log.replaceAll(/^.*"event":"denied".*\n/gm, "").replaceAll(ENDED, "");
  return rest.replaceAll(/Error: aborted\n.*ignore-listed.*\n.*ECONNRESET.*\n\}\n/g, "");
}

const countdown = Array.from({ length: 10 }, (_, i) => 9 - i);

/** Opens many idle connections in a separate process. */
function idleClients(port: number, count: number) {
  const program = fileURLToPath(new URL("../support/idle-clients.ts", import.meta.url));
  const child = spawn(process.execPath, [program, String(port), String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  cleanUp(child, async (it) => {
    if (it.exitCode !== null || it.signalCode !== null) return;
    it.kill("SIGKILL");
    await once(it, "exit");
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Resolves to the next line of the process. */
    next: async () => String((await lines.next()).value),
    stop: () => child.stdin.write("stop\n"),
  };
}

test("10,000 idle connections and slow requests are closed with 408, and other clients are served", async () => {
  // A request has 41 seconds by default.
  const { app, port } = await redisAndApp({ REQUEST_TIMEOUT: "15000" });
  const count = Math.min(10_000, connectionsAllowed() - 100);
  const idle = idleClients(port, count);
  const headers = rawClient(port);
  headers.socket.write(`GET /api/search HTTP/1.1\r\n${HOST}`);
  drip(headers, "X: a\r\n", 500);
  const head = `POST /api/health HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
  const body = rawClient(port);
  body.socket.write(`${head}Content-Length: 5000\r\n\r\n{`);
  drip(body, " ", 500);
  const chunks = rawClient(port);
  chunks.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`);
  drip(chunks, "1\r\n \r\n", 500);

  expect(await idle.next()).toBe("open");
  const answers = [];
  for (let i = 0; i < 12; i += 1) answers.push(await other(port, "/api/search"));
  expect(answers).toEqual([
    ...countdown.map((left) => ({ status: 200, left })),
    { status: 429, left: 0 },
    { status: 429, left: 0 },
  ]);

  idle.stop();
  const said: Record<string, number> = JSON.parse(await idle.next());
  expect(Object.keys(said)).toEqual(["HTTP/1.1 408 Request Timeout"]);
  expect(said["HTTP/1.1 408 Request Timeout"]).toBeGreaterThanOrEqual(count);
  for (const slow of [headers, body, chunks]) {
    expect(statusesOf(await slow.closed)).toEqual([408]);
  }
  expect((await other(port)).status).toBe(200);
  expect(logOf(app)).toBe("");
  expect(endedBy(app)).toEqual(["HEADERS_TIMEOUT", "REQUEST_TIMEOUT"]);
});

test("idle connections leave file descriptors for the store and for other clients when few are available", async () => {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const command = `ulimit -n 400 && exec "${process.execPath}" ${START.join(" ")}`;
  const limited = `process.execve("/bin/sh", ["sh", "-c", ${JSON.stringify(command)}], process.env)`;
  const env = { PORT: "0", REDIS_URL: redis.url };
  const app = cleanUp(await startProgram(["-e", limited], env), (it) => it.stop());
  const port = Number(new URL(app.url).port);
  for (let i = 0; i < 600; i += 1) {
    const { socket } = cleanUp(rawClient(port), (it) => it.socket.destroy());
    await once(socket, "connect");
  }
  const answers = [];
  for (let i = 0; i < 11; i += 1) answers.push(await other(port, "/api/search"));
  expect(answers).toEqual([
    ...countdown.map((left) => ({ status: 200, left })),
    { status: 429, left: 0 },
  ]);
});

describe("over the app", () => {
  test("oversized headers get 431 and a body with too large a Content-Length gets 413, both uncounted", async () => {
    const { app, port, store } = await redisAndApp();
    expect(statusesOf(await speak(port, search(`X: ${"a".repeat(16_384)}\r\n`)))).toEqual([431]);
    expect(statusesOf(await speak(port, search("a:\r\n".repeat(4_000))))).toEqual([431]);
    expect(statusesOf(await speak(port, `CONNECT x:1 HTTP/1.1\r\n${HOST}\r\n`))).toEqual([501]);
    const post = `POST /api/search HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
    const announced = `${post}Content-Length: ${50 * 1024 * 1024}\r\n\r\n`;
    expect(statusesOf(await speak(port, announced))).toEqual([413]);
    expect(await store.keys("*")).toEqual([]);
    expect(logOf(app)).toBe("");
    expect(endedBy(app)).toEqual(["NODE_OPTIONS=--max-http-header-size", "MAX_BODY_BYTES"]);
  });

  test("a request that could be read as two is rejected, and the hidden request is not counted", async () => {
    const { app, port, store } = await redisAndApp();
    const head = `POST /api/analytics/track HTTP/1.1\r\n${HOST}`;
    for (const [name, bytes, status] of smuggled(head, search())) {
      expect([name, statusesOf(await speak(port, bytes))]).toEqual([name, [status]]);
    }
    expect(await store.keys("*:rate_limit:*:search:*")).toEqual([]);
    expect(await other(port, "/api/search")).toEqual({ status: 200, left: 9 });
    expect(await store.keys("*:rate_limit:*:search:*")).toHaveLength(1);
    expect(logOf(app)).toBe("");
  });
});

describe("over an app that several clients share", () => {
  let port: number;
  beforeAll(async () => {
    const redis = cleanUpAtEnd(await startRedis(), (it) => it.stop());
    const app = cleanUpAtEnd(await startApp({ REDIS_URL: redis.url }), (it) => it.stop());
    port = Number(new URL(app.url).port);
  });

  const speakFrom = (address: string, bytes: string) => speak(port, bytes, "127.0.0.1", address);

  test("bodies of 50 MB are stopped early, with and without a Content-Length, and other clients are served", async () => {
    const size = 50 * 1024 * 1024;
    const post = `POST /api/search HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
    const chunk = `10000\r\n${"a".repeat(65_536)}\r\n`;
    const floods = ["announced", "in chunks"].flatMap((kind) =>
      Array.from({ length: 10 }, async () => {
        const client = rawClient(port);
        const { socket } = client;
        const isAnnounced = kind === "announced";
        const length = isAnnounced ? `Content-Length: ${size}` : "Transfer-Encoding: chunked";
        socket.write(`${post}${length}\r\n\r\n`);
        let sent = 0;
        const more = () => {
          // The system's buffers accept some bytes, even if the server reads none.
          while (!socket.destroyed && sent < size) {
            sent += chunk.length;
            if (!socket.write(isAnnounced ? "a".repeat(chunk.length) : chunk)) break;
          }
        };
        socket.on("drain", more);
        more();
        return { statuses: statusesOf(await client.closed), sent };
      }),
    );
    expect((await other(port)).status).toBe(200);
    for (const { statuses, sent } of await Promise.all(floods)) {
      // A client may lose the response when its connection is closed while it sends.
      expect(statuses.filter((status) => status !== 413)).toEqual([]);
      expect(sent).toBeLessThan(size / 2);
    }
    expect((await other(port)).status).toBe(200);
  });

  test("ten of 12 pipelined searches are served and two denied, in order", async () => {
    const text = await speakFrom("127.0.0.2", search().repeat(11) + search(CLOSE));
    expect(statusesOf(text)).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429]);
    expect(remainingOf(text)).toEqual([...countdown, 0, 0]);
  });

  test("every spelling of a search is counted as one search, or rejected", async () => {
    const lines = [
      "GET http://other/api/search HTTP/1.1",
      "GET https://other:81/api/search?q=a HTTP/1.1",
      "GET /api/search HTTP/1.0",
      "POST /api/search HTTP/1.1\r\nTransfer-Encoding: CHUNKED",
      "POST /api/search HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue",
      "GET /api/search HTTP/1.1\r\nUpgrade: h2c",
    ];
    const remaining: number[] = [];
    for (const line of lines) {
      const connection = line.includes("Upgrade") ? "Connection: Upgrade, close\r\n" : CLOSE;
      const body = line.includes("Transfer-Encoding") ? "0\r\n\r\n" : "";
      const text = await speakFrom("127.0.0.3", `${line}\r\n${HOST}${connection}\r\n${body}`);
      expect([line, statusesOf(text).at(-1)]).toEqual([line, 200]);
      remaining.push(...remainingOf(text));
    }
    expect(remaining).toEqual(countdown.slice(0, lines.length));
    for (const line of ["GET /api/search#a HTTP/1.1", "GET /api/health#/../search HTTP/1.1"]) {
      expect(statusesOf(await speakFrom("127.0.0.3", `${line}\r\n${HOST}\r\n`))).toEqual([400]);
    }
  });
});
