import type { RequestListener } from "node:http";
import { letBodiesThrough } from "./next-body-size.ts";
import { addressOf, type ListenAddress } from "./listening.ts";
import { cleanNextLog } from "./next-log.ts";
import { requireNext } from "./require-next.ts";

/** Next in this process, ready to answer. */
export interface NextApp {
  handle(...call: Parameters<RequestListener>): Promise<void>;
  close(): Promise<void>;
}

/** What this file needs of `next`. */
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
  /** Where our server listens. */
  readonly at: ListenAddress;
  /** How large a body may be, in bytes. */
  readonly bodyBytes: number;
}

const LOOPBACK = /^(?:127\.|::1$)/;

/**
 * Starts Next in this process. Next and React choose their build by NODE_ENV when they are loaded, so it
 * must be set before.
 */
export async function startNext({ root, dev, at, bodyBytes }: NextOptions): Promise<NextApp> {
  const next = requireNext(root)("next") as NextModule;
  // In development a person looks for what went wrong with a request of their own.
  if (!dev) cleanNextLog();
  const hostname = hostnameOf(at);
  // As `next start` sets it: else a Server Action for another page would be handed on by the protocol of
  // X-Forwarded-Proto, which is https behind most proxies.
  process.env["__NEXT_PRIVATE_ORIGIN"] = addressOf({ ...at, host: hostname });
  const app = next({ dev, dir: root, hostname, port: at.port });
  await letBodiesThrough(root, dev, bodyBytes);
  await (dev ? app.prepare() : withoutChatter(() => app.prepare()));
  return { handle: app.getRequestHandler(), close: () => app.close() };
}

/**
 * By host and port Next finds itself: a Server Action sent to another page is handed on by a fetch. Its
 * URLs call every loopback address localhost; by another name it would take its own rewrites for another
 * site's, and fetch them.
 */
function hostnameOf({ host }: ListenAddress): string {
  return LOOPBACK.test(host) ? "localhost" : host;
}

/** Next prints which config file it ran, and has no setting for it. Its warnings are still printed. */
async function withoutChatter(work: () => Promise<void>): Promise<void> {
  const { log } = console;
  console.log = () => {};
  try {
    await work();
  } finally {
    console.log = log;
  }
}
