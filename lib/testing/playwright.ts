import { setTimeout } from "node:timers/promises";
import { ADDRESS_HEADER } from "./request.ts";
import { clearNamespace, type StoreUnderTest } from "./namespace.ts";

/** The variables of a worker's server, in addition to those of the app. */
export interface WorkerEnvironment {
  /** The namespace, which differs in each worker so that workers never share a count. */
  readonly HEADGATE_NAMESPACE: string;
  /** Makes the server trust the address that the fixture sends. Only for servers of tests. */
  readonly CLIENT_IP_FROM: string;
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
}

/** A server that a worker has started. */
export interface WorkerServer {
  /**
   * The address of the server, such as "http://127.0.0.1:4001".
   * @example
   * const serve = () => ({ url: "http://127.0.0.1:4001", stop: () => server.close() });
   * headgateFixture({ store: { url, token }, serve });
   */
  readonly url: string;
  /**
   * Called to stop the server when the worker ends.
   * @example
   * const serve = () => ({ url: "http://127.0.0.1:4001", stop: () => server.close() });
   * headgateFixture({ store: { url, token }, serve });
   */
  readonly stop: () => void | Promise<void>;
}

/** The options of the fixture. */
export interface HeadgateFixtureOptions {
  /**
   * The store of all workers, by its REST API: Upstash, or our gateway.
   * @example
   * headgateFixture({ store: { url, token }, serve: (env) => startApp({ ...env }) });
   */
  readonly store: StoreUnderTest;
  /**
   * Starts the app for one worker: each worker needs a separate server, because a server reads its namespace
   * when it starts. The fixture waits until it answers.
   * @param env variables that must be added to those of the process
   * @param worker the number of the worker, from 0, for its port
   * @example
   * headgateFixture({ store: { url, token }, serve: (env) => startApp({ ...env }) });
   */
  readonly serve: (env: WorkerEnvironment, worker: number) => WorkerServer | Promise<WorkerServer>;
  /**
   * The prefix of namespaces: letters, digits, _ or -.
   * @default "e2e"
   * @example
   * headgateFixture({ store: { url, token }, serve: (env) => startApp({ ...env }), namespace: "checkout" });
   */
  readonly namespace?: string;
}

/** The fixture `headgate` of a worker. */
export interface HeadgateWorker {
  /** The address of the worker's server. */
  readonly url: string;
  readonly namespace: string;
  /** Deletes the counts of this worker, as before each test. Resolves to the number of keys. */
  readonly clear: () => Promise<number>;
}

/** Fixtures that each worker has. */
export interface HeadgateWorkerFixtures {
  readonly headgate: HeadgateWorker;
}

/** Fixtures that each test has. */
export interface HeadgateTestFixtures {
  /** The address of the test's requests, which differs in each test. */
  readonly clientAddress: string;
}

type Use<T> = (value: T) => Promise<void>;

/** The argument of `test.extend` of @playwright/test. */
export interface HeadgateFixtures {
  readonly headgate: [
    (fixtures: object, use: Use<HeadgateWorker>, worker: WorkerOf) => Promise<void>,
    { readonly scope: "worker" },
  ];
  readonly clientAddress: [
    (fixtures: HeadgateWorkerFixtures, use: Use<string>) => Promise<void>,
    { readonly auto: true },
  ];
  readonly baseURL: (fixtures: HeadgateWorkerFixtures, use: Use<string>) => Promise<void>;
  readonly extraHTTPHeaders: (
    fixtures: HeadgateTestFixtures,
    use: Use<Record<string, string>>,
  ) => Promise<void>;
}

interface WorkerOf {
  readonly parallelIndex: number;
}

/**
 * Makes fixtures for Playwright: each worker starts the app with a separate namespace, and each test
 * begins without counts, as another client. It imports nothing of Playwright.
 *
 * @example
 * const fixtures = headgateFixture({
 *   store: { url, token },
 *   serve: (env, worker) => startApp({ ...env, PORT: String(4100 + worker) }),
 * });
 * // export const test = base.extend<HeadgateTestFixtures, HeadgateWorkerFixtures>(fixtures);
 */
export function headgateFixture(options: HeadgateFixtureOptions): HeadgateFixtures {
  const { store, serve, namespace: prefix = "e2e" } = options;
  let tests = 0;
  return {
    // Playwright reads the names of fixtures from the source, so the destructuring patterns must stay here.
    headgate: [
      // oxlint-disable-next-line no-empty-pattern -- Playwright rejects any other parameter here.
      async ({}, use, { parallelIndex }) => {
        const namespace = `${prefix}-${parallelIndex}`;
        const clear = () => clearNamespace(store, namespace);
        const server = await serve(environmentOf(store, namespace), parallelIndex);
        try {
          await answering(server.url);
          await use({ url: server.url, namespace, clear });
        } finally {
          await server.stop();
        }
      },
      { scope: "worker" },
    ],
    clientAddress: [
      async ({ headgate }, use) => {
        await headgate.clear();
        await use(addressOf(tests++));
      },
      { auto: true },
    ],
    baseURL: async ({ headgate }, use) => use(headgate.url),
    extraHTTPHeaders: async ({ clientAddress }, use) => use({ [ADDRESS_HEADER]: clientAddress }),
  };
}

/** How long a server may take to answer, and the pause between two attempts, in milliseconds. */
const LONGEST_START_MS = 60_000;
const PAUSE_MS = 100;

/** Resolves when a server answers with any status. */
async function answering(url: string): Promise<void> {
  const latest = performance.now() + LONGEST_START_MS;
  for (;;) {
    try {
      await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(LONGEST_START_MS) });
      return;
    } catch (cause) {
      if (performance.now() > latest) {
        throw new Error(`headgateFixture: ${url} did not answer within a minute.`, { cause });
      }
      await setTimeout(PAUSE_MS);
    }
  }
}

function environmentOf({ url, token }: StoreUnderTest, namespace: string): WorkerEnvironment {
  return {
    HEADGATE_NAMESPACE: namespace,
    CLIENT_IP_FROM: `header:${ADDRESS_HEADER}`,
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
  };
}

/** Returns the address of a test by its number in the worker, in a network for benchmarks (RFC 2544). */
function addressOf(test: number): string {
  return `198.18.${(test >> 8) & 255}.${test & 255}`;
}
