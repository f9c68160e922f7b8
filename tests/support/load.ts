import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./app.ts";
import { POST_ROUTES } from "./routes.ts";
import { sign } from "./sign.ts";

/** Somebody who asks everything of the app. */
export interface LoadClient {
  /** As a proxy names it. */
  readonly address: string;
  /** Who is signed in, if anybody is. */
  readonly user?: string;
  readonly role?: string;
  /** How the token is sent. @default "bearer" */
  readonly by?: "bearer" | "cookie";
  /** Sent as a bearer and an API key; no resolver knows it. */
  readonly invented?: string;
  readonly session: string;
  readonly artist: string;
  readonly account: string;
  readonly password: string;
  readonly query: string;
}

/** What each client of a load sends to /api/metrics: METRICS_TOKEN of the app. */
export const METRICS_TOKEN = "a-token-of-the-scraper";

/** What a load was answered. */
export interface LoadAnswers {
  /** Statuses by path. */
  readonly statuses: ReadonlyMap<string, readonly number[]>;
  /** The tokens that were sent. */
  readonly tokens: readonly string[];
}

/** The paths that the built app serves, as Next lists them; its own error pages are none. */
export function builtRoutes(): string[] {
  const file = join(ROOT, ".next", "app-path-routes-manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  const paths = Object.values(manifest).map((path) => path.replace(/\/\[\[\.\.\.\w+\]\]$/, ""));
  return [...new Set(paths)].filter((path) => !path.startsWith("/_"));
}

/** The status by which a route says that it took what it was sent. */
export function takes(path: string, status: number): boolean {
  const route = POST_ROUTES.find((it) => it.path === path);
  return status < 400 || status === route?.status;
}

/**
 * Each client asks every route by GET and POST, there and back, so that what one route needs another
 * has made; and all clients do so at once.
 */
export async function loadAll(
  origin: string,
  clients: readonly LoadClient[],
): Promise<LoadAnswers> {
  const statuses = new Map<string, number[]>(builtRoutes().map((path) => [path, []]));
  const tokens: string[] = [];

  async function askAll(client: LoadClient): Promise<void> {
    const headers = await headersOf(client, origin, tokens);
    const there = [...statuses];
    for (const [path, heard] of [...there, ...there.toReversed()]) {
      const url = new URL(path, origin);
      const scraper = path === "/api/metrics" && { authorization: `Bearer ${METRICS_TOKEN}` };
      const got = await fetch(withQuery(url, client), { headers: { ...headers, ...scraper } });
      const page = await got.text();
      const sent = await fetch(url, { method: "POST", ...bodyOf(url, client, page, headers) });
      await sent.arrayBuffer();
      heard.push(got.status, sent.status);
    }
  }

  await Promise.all(clients.map(askAll));
  return { statuses, tokens };
}

type Headers = Readonly<Record<string, string>>;

async function headersOf(
  { address, user, role, by = "bearer", invented }: LoadClient,
  origin: string,
  tokens: string[],
): Promise<Headers> {
  const headers: Record<string, string> = { "x-forwarded-for": address };
  if (user !== undefined) {
    const token = await sign({ sub: user, ...(role !== undefined && { role }) });
    tokens.push(token);
    if (by === "bearer") headers["authorization"] = `Bearer ${token}`;
    else Object.assign(headers, { cookie: `session=${token}`, origin });
  }
  if (invented !== undefined) {
    headers["x-api-key"] = invented;
    headers["authorization"] ??= `Bearer ${invented}`;
    headers["cookie"] ??= `session=${invented}`;
  }
  return headers;
}

function withQuery(url: URL, { query, artist }: LoadClient): URL {
  const asked = new URL(url);
  if (url.pathname === "/api/search") asked.searchParams.set("q", query);
  if (url.pathname === "/api/analytics/counts") asked.searchParams.set("artistId", artist);
  return asked;
}

/** No two requests are the same one. */
let keys = 0;

/** What a route takes by POST, of this client. */
function bodyOf(
  { pathname: path, origin }: URL,
  client: LoadClient,
  page: string,
  headers: Headers,
): RequestInit {
  if (path === "/login")
    return { headers: { ...headers, accept: "text/html" }, body: form(client, page) };
  if (path === "/sample/sign-in" || path === "/dashboard/sign-in/session") {
    const token = headers["authorization"]?.replace("Bearer ", "") ?? "";
    const body = new URLSearchParams({ role: "user", token });
    return { headers: { ...headers, origin }, body, redirect: "manual" };
  }
  keys += 1;
  const key = JSON.stringify(`key ${keys} of ${client.session}`);
  const json = { ...headers, "content-type": "application/json", "idempotency-key": key };
  return { headers: json, body: JSON.stringify(inputOf(path, client)) };
}

function inputOf(path: string, { session, artist, account, password, query }: LoadClient): object {
  switch (path) {
    case "/api/analytics/track":
      return { type: "profile_view", artistId: artist, sessionId: session };
    case "/api/login":
      return { account, password };
    case "/api/search":
      return { q: query };
    default:
      return POST_ROUTES.find((route) => route.path === path)?.good ?? {};
  }
}

/** The form of a page as a browser without JavaScript sends it: its hidden fields name the action. */
function form({ account, password }: LoadClient, page: string): FormData {
  const fields = new FormData();
  for (const [input] of page.matchAll(/<input type="hidden"[^>]*>/g)) {
    const value = /value="([^"]*)"/.exec(input)?.[1] ?? "";
    fields.set(/name="([^"]*)"/.exec(input)?.[1] ?? "", value.replaceAll("&quot;", '"'));
  }
  fields.set("account", account);
  fields.set("password", password);
  return fields;
}
