import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./app.ts";
import { POST_ROUTES } from "./routes.ts";
import { sign } from "./sign.ts";

/** A client that sends requests to every route of the app. */
export interface LoadClient {
  /** The address as a proxy names it. */
  readonly address: string;
  /** The signed-in user, if there is one. */
  readonly user?: string;
  readonly role?: string;
  /** The way of sending the token. @default "bearer" */
  readonly by?: "bearer" | "cookie";
  /** A value that is sent as a bearer token and as an API key, and that no resolver accepts. */
  readonly invented?: string;
  readonly session: string;
  readonly artist: string;
  readonly account: string;
  readonly password: string;
  readonly query: string;
}

/** The METRICS_TOKEN of the app, which each client of a load sends to /api/metrics. */
export const METRICS_TOKEN = "a-token-of-the-scraper";

/** The responses to a load. */
export interface LoadAnswers {
  /** Statuses by path. */
  readonly statuses: ReadonlyMap<string, readonly number[]>;
  /** The sent tokens. */
  readonly tokens: readonly string[];
}

/** Returns the paths of the built app from Next's manifest, without Next's error pages. */
export function builtRoutes(): string[] {
  const file = join(ROOT, ".next", "app-path-routes-manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  const paths = Object.values(manifest).map((path) => path.replace(/\/\[\[\.\.\.\w+\]\]$/, ""));
  return [...new Set(paths)].filter((path) => !path.startsWith("/_"));
}

/** Returns true if a status means that the route accepted the request. */
export function takes(path: string, status: number): boolean {
  const route = POST_ROUTES.find((it) => it.path === path);
  return status < 400 || status === route?.status;
}

/**
 * Sends GET and POST of each client to every route, in both orders, because some routes need the effects of
 * others. All clients send at once.
 */
export async function loadAll(
  origin: string,
  clients: readonly LoadClient[],
): Promise<LoadAnswers> {
  const statuses = new Map<string, number[]>(builtRoutes().map((path) => [path, []]));
  const tokens: string[] = [];

  async function sendAll(client: LoadClient): Promise<void> {
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

  await Promise.all(clients.map(sendAll));
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
  const target = new URL(url);
  if (url.pathname === "/api/search") target.searchParams.set("q", query);
  if (url.pathname === "/api/analytics/counts") target.searchParams.set("artistId", artist);
  return target;
}

/** No two requests are equal. */
let keys = 0;

/** Returns the body for a POST of this client to a route. */
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

/** Returns the form of a page as a browser without JavaScript sends it. Its hidden fields name the action. */
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
