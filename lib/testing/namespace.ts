import { settingsError } from "#lib/core/settings";
import { createRequester } from "#lib/redis/requester";

/** The store of a server under test, by its REST API. */
export interface StoreUnderTest {
  /**
   * UPSTASH_REDIS_REST_URL of the server.
   * @example
   * await clearNamespace({ url: "http://127.0.0.1:8079", token }, "e2e-0");
   */
  readonly url: string;
  /**
   * UPSTASH_REDIS_REST_TOKEN of the server.
   * @example
   * await clearNamespace({ url, token: process.env["UPSTASH_REDIS_REST_TOKEN"] ?? "" }, "e2e-0");
   */
  readonly token: string;
}

/** How many keys one call visits. */
const KEYS_A_CALL = 1000;

/** The longest that one call may take, in milliseconds. */
const DEADLINE_MS = 10_000;

/** The form of HEADGATE_NAMESPACE, without characters that are special in a pattern of keys. */
const NAMESPACE = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Deletes everything that Headgate keeps under a namespace: counts, claims, locks. A running server still
 * remembers denied clients for up to 30 seconds, so use another client in each test, as `headgateFixture`
 * does.
 *
 * @param namespace HEADGATE_NAMESPACE of the server
 * @returns the number of keys
 * @throws {SettingsError} when the address, the token or the namespace is invalid
 * @throws {StoreError} when the store fails
 * @example
 * await clearNamespace({ url, token }, "e2e-0");
 */
export async function clearNamespace(store: StoreUnderTest, namespace: string): Promise<number> {
  if (!NAMESPACE.test(namespace)) {
    throw settingsError({ HEADGATE_NAMESPACE: "1 to 64 letters, digits, _ or -" });
  }
  const requester = createRequester({ ...store, deadlineMs: DEADLINE_MS });
  const call = async (...body: string[]) => (await requester.request({ body })).result;
  let cursor = "0";
  let deleted = 0;
  do {
    const found = await call("SCAN", cursor, "MATCH", `${namespace}:*`, "COUNT", `${KEYS_A_CALL}`);
    const [next, keys] = found as readonly [string | number, readonly string[]];
    if (keys.length > 0) deleted += Number(await call("DEL", ...keys));
    cursor = String(next);
  } while (cursor !== "0");
  return deleted;
}
