import type { RequestListener } from "node:http";
import { setForGood } from "./env-files.ts";
import { letBodiesThrough } from "./next-body-size.ts";
import { addressOf, type ListenAddress } from "./listening.ts";
import { ignoreLostOutput } from "./lost-output.ts";
import { cleanNextLog } from "./next-log.ts";
import { requireNext } from "./require-next.ts";

/** Next in this process, ready to answer. */
export interface NextApp {
  handle(...call: Parameters<RequestListener>): Promise<void>;
  close(): Promise<void>;
}

/** The part of `next` that this file needs. */
type NextModule = (options: {
  readonly dev: boolean;
  readonly dir: string;
  readonly hostname: string;
  readonly port: number;
}) => {
  prepare(): Promise<void>;
  getRequestHandler(): NextApp["handle"];
  close(): Promise<void>;
};

export interface NextOptions {
  readonly root: string;
  readonly dev: boolean;
  /** The host and port of our server. */
  readonly at: ListenAddress;
  /** The largest body, in bytes. */
  readonly bodyBytes: number;
}

const LOOPBACK = /^(?:127\.|::1$)/;

/**
 * Starts Next in this process. Next and React choose their build by NODE_ENV when they are loaded, so it
 * must be set before.
 */
export async function startNext({ root, dev, at, bodyBytes }: NextOptions): Promise<NextApp> {
  const next = requireNext(root)("next") as NextModule;
  ignoreLostOutput();
  // In development a person debugs their own requests, and needs the full log.
  if (!dev) cleanNextLog();
  const hostname = hostnameOf(at);
  // `next start` sets this too. Otherwise Next would forward a Server Action for another page by the protocol
  // of X-Forwarded-Proto, which is https behind most proxies.
  const before = new Set(Object.keys(process.env));
  process.env["__NEXT_PRIVATE_ORIGIN"] = addressOf({ ...at, host: hostname });
  const app = next({ dev, dir: root, hostname, port: at.port });
  await letBodiesThrough(root, dev, bodyBytes);
  await (dev ? app.prepare() : withoutChatter(() => app.prepare()));
  // When an .env file changes, Next removes all variables that it does not know from the start. Without those
  // that it sets itself, such as __NEXT_DEV_SERVER, every route would be a 500 from then on.
  if (dev) setForGood(root, newVariables(before));
  return { handle: app.getRequestHandler(), close: () => app.close() };
}

function newVariables(before: ReadonlySet<string>): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !before.has(name)));
}

/**
 * Returns the host name by which Next reaches itself, to forward a Server Action for another page by a fetch.
 * Next's URLs use localhost for every loopback address. With another name Next would take its own rewrites for
 * those of another site, and fetch them.
 */
function hostnameOf({ host }: ListenAddress): string {
  return LOOPBACK.test(host) ? "localhost" : host;
}

/** Runs work without Next's message about its config file, which no setting turns off. Warnings are still printed. */
async function withoutChatter(work: () => Promise<void>): Promise<void> {
  const { log } = console;
  console.log = () => {};
  try {
    await work();
  } finally {
    console.log = log;
  }
}
