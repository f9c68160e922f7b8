// The server's settings by variables, tested with routes that only this file needs.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pack } from "#app/_programs/pack";
import { DEV, type RunningApp, START, startProgram } from "../support/app.ts";
import { rawClient, speak, statusesOf } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";
import { treeWith } from "../support/tree.ts";

const cleanUp = scope();
const ORIGIN = "https://shop.example";

/** The routes are under a rule, so that the middleware runs first for each request. */
const ROUTES = {
  "app/api/t/think/route.ts": `
export async function GET(request: Request): Promise<Response> {
  const ms = Number(new URL(request.url).searchParams.get("ms"));
  await new Promise((resolve) => setTimeout(resolve, ms));
  return Response.json({ thought: ms });
}
`,
  "app/api/t/upload/route.ts": `
export async function POST(request: Request): Promise<Response> {
  const { byteLength } = await request.arrayBuffer();
  return Response.json({ byteLength });
}
`,
  "app/api/t/prefetch/route.ts": `
export function GET(request: Request): Response {
  return Response.json({ prefetch: request.headers.get("x-headgate-prefetch") });
}
`,
  "app/api/t/expose/route.ts": `
export const dynamic = "force-dynamic";
export function GET(): Response {
  return new Response("exposed", { headers: { "Access-Control-Expose-Headers": "X-Total-Count" } });
}
`,
};

let tree = "";
let packed = "";
let app: RunningApp;
/** A request to a route that takes longer than the minute after which servers often time out. */
let thinking: Promise<Answer>;

beforeAll(async () => {
  tree = treeWith("server-settings", ROUTES);
  packed = realpathSync(mkdtempSync(join(tmpdir(), "headgate-packed-")));
  await pack(tree, packed, () => {});
  app = await start("npm start", { CORS_ORIGINS: ORIGIN });
  thinking = ask(new Agent(), `${app.url}/api/t/think?ms=70000`);
  // The last test awaits it.
  thinking.catch(() => {});
});
afterAll(async () => {
  await app?.stop();
  rmSync(packed, { recursive: true, force: true });
  rmSync(tree, { recursive: true, force: true });
});

type Variables = Readonly<Record<string, string>>;

const KINDS = ["npm start", "npm run dev", "the packed server"] as const;

function start(kind: (typeof KINDS)[number], env: Variables = {}): Promise<RunningApp> {
  const args = {
    "npm start": START,
    "npm run dev": DEV,
    "the packed server": [join(packed, "server.mjs")],
  };
  const variables = { PORT: "0", HEADGATE_STORE: "embedded", ...env };
  return startProgram(args[kind], variables, kind === "the packed server" ? tmpdir() : tree);
}

const started = async (kind: (typeof KINDS)[number], env: Variables) =>
  cleanUp(await start(kind, env), (it) => it.stop());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The client's port, which two requests on one connection share. */
  readonly port: number | undefined;
}

function ask(agent: Agent, url: string, headers: Variables = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent, headers }, (answer) => {
      const port = answer.socket.localPort;
      answer.resume().once("end", () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, port });
      });
    });
    asked.once("error", reject);
  });
}

const portOf = ({ url }: RunningApp) => Number(new URL(url).port);

describe.each(KINDS)("%s", (kind) => {
  test("the server follows a small value of each timeout and limit, and logs which one ended a connection", async () => {
    const server = await started(kind, {
      KEEP_ALIVE_TIMEOUT: "1000",
      SOCKET_TIMEOUT: "2000",
      HEADERS_TIMEOUT: "1500",
      REQUEST_TIMEOUT: "2500",
      MAX_BODY_BYTES: "2048",
    });
    const port = portOf(server);
    // A first response may exceed the socket timeout when routes are compiled, so the request is repeated.
    for (const path of ["/api/t/think?ms=0", "/api/health"]) {
      const status = () => ask(new Agent(), server.url + path).then((answer) => answer.status);
      await expect.poll(() => status().catch(() => 0), { timeout: 60_000 }).toBe(200);
    }
    const head = "Host: x\r\n";
    const slow = rawClient(port);
    slow.socket.write("GET /?hunter2 HT");
    const body = rawClient(port);
    body.socket.write(`POST /api/t/upload HTTP/1.1\r\n${head}Content-Length: 9\r\n\r\n`);
    const drip = setInterval(() => body.socket.write("a"), 1_500);
    const idle = rawClient(port);
    idle.socket.write(`GET /api/health HTTP/1.1\r\n${head}\r\n`);
    const thought = speak(port, `GET /api/t/think?ms=60000 HTTP/1.1\r\n${head}\r\n`);
    const large = `POST /api/t/upload HTTP/1.1\r\n${head}Content-Length: 2049\r\n\r\n`;
    expect(statusesOf(await speak(port, large))).toEqual([413]);
    expect(statusesOf(await slow.closed)).toEqual([408]);
    expect(statusesOf(await body.closed)).toEqual([408]);
    clearInterval(drip);
    expect(statusesOf(await idle.closed)).toEqual([200]);
    expect(statusesOf(await thought)).toEqual([]);
    for (const name of ["HEADERS_TIMEOUT", "REQUEST_TIMEOUT", "SOCKET_TIMEOUT", "MAX_BODY_BYTES"]) {
      expect(server.output()).toMatch(
        new RegExp(
          `^warning +(?:1 connection was|\\d+ connections were) ended .* ${name} sets this limit\\.$`,
          "m",
        ),
      );
    }
    expect(server.output()).not.toContain("hunter2");
  });

  test("the server accepts headers of 20 kB and a body of 15 MB when the settings allow them", async () => {
    const server = await started(kind, {
      NODE_OPTIONS: "--max-http-header-size=65536",
      MAX_BODY_BYTES: "20000000",
    });
    const header = { "x-large": "a".repeat(20_000) };
    const { status } = await ask(new Agent(), `${server.url}/api/t/think?ms=0`, header);
    expect(status).toBe(200);
    const upload = (bytes: number) =>
      fetch(`${server.url}/api/t/upload`, { method: "POST", body: new Uint8Array(bytes) });
    expect(await (await upload(15_000_000)).json()).toEqual({ byteLength: 15_000_000 });
    const announced = `POST /api/t/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 20000001\r\n\r\n`;
    expect(statusesOf(await speak(portOf(server), announced))).toEqual([413]);
  });
});

test("npm start answers 431 for headers of 20 kB, and logs which setting to change", async () => {
  const large = `GET /api/health HTTP/1.1\r\nHost: x\r\nX-Large: ${"a".repeat(20_000)}\r\n\r\n`;
  expect(statusesOf(await speak(portOf(app), large))).toEqual([431]);
  await expect.poll(() => app.output()).toContain("NODE_OPTIONS=--max-http-header-size sets");
});

test("a prefetch of Next's router is announced to the app, and a client cannot forge the announcement", async () => {
  const seen = async (headers: Record<string, string>) =>
    (await fetch(`${app.url}/api/t/prefetch`, { headers })).json();
  expect(await seen({ "next-router-prefetch": "1" })).toEqual({ prefetch: "1" });
  expect(await seen({ "x-headgate-prefetch": "1" })).toEqual({ prefetch: null });
});

test("Access-Control-Expose-Headers has the values of the handler and of the gate", async () => {
  const answer = await fetch(`${app.url}/api/t/expose`, { headers: { origin: ORIGIN } });
  const exposed = answer.headers.get("access-control-expose-headers")?.split(", ") ?? [];
  expect(exposed).toEqual(expect.arrayContaining(["X-Total-Count", "RateLimit", "Retry-After"]));
  expect(new Set(exposed.map((name) => name.toLowerCase())).size).toBe(exposed.length);
});

test("a connection that is idle for longer than 11 s serves the next request", async () => {
  const agent = cleanUp(new Agent({ keepAlive: true, maxSockets: 1 }), (it) => it.destroy());
  const first = await ask(agent, `${app.url}/api/health`);
  expect(first.headers["keep-alive"]).toBe("timeout=65");
  // The idle time is the subject of this test.
  await new Promise((resolve) => setTimeout(resolve, 12_500));
  const second = await ask(agent, `${app.url}/api/health`);
  expect([second.status, second.port]).toEqual([200, first.port]);
});

test("a route that takes 70 s answers", async () => {
  expect((await thinking).status).toBe(200);
});
