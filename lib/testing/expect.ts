import { AssertionError } from "node:assert";
import { parseDuration } from "#lib/core/duration";

/** The expected content of a denied response. */
export interface DeniedExpectation {
  /**
   * The status of the response: 429; 503 when the store fails and the rule denies; 413 and 411 for bodies.
   * @default 429
   * @example
   * const testGate = createTestGate(policy);
   * testGate.storeIs("down");
   * expectDenied(await testGate.send("/api/admin/pipeline/retry"), { status: 503 });
   */
  readonly status?: number;
  /**
   * The rule whose limit had no capacity, by its name in the policy. A limit that counts all clients together
   * is shown only by a gate with `showGlobalLimits`.
   * @default any rule
   * @example
   * const testGate = createTestGate(policy);
   * await testGate.exhaust("search");
   * expectDenied(await testGate.send("/api/search"), { rule: "search" });
   */
  readonly rule?: string;
  /**
   * The value of Retry-After: seconds, or a text such as "1 minute".
   * @default Retry-After is not compared
   * @example
   * const testGate = createTestGate(policy);
   * await testGate.exhaust("search");
   * expectDenied(await testGate.send("/api/search"), { retryAfter: "1 minute" });
   */
  readonly retryAfter?: number | string;
}

/** The expected content of an allowed response. */
export interface AllowedExpectation {
  /**
   * The remaining units of the tightest limit, or of the tightest limit of `rule`.
   * @default the remaining units are not compared
   * @example
   * expectAllowed(await createTestGate(policy).send("/api/search"), { remaining: 29 });
   */
  readonly remaining?: number;
  /**
   * A rule whose limit the response shows, by its name in the policy.
   * @default any rule
   * @example
   * expectAllowed(await createTestGate(policy).send("/api/search"), { rule: "search" });
   */
  readonly rule?: string;
}

/** The statuses with which the gate denies. */
const DENIALS: ReadonlySet<number> = new Set([429, 503, 413, 411]);

/**
 * Throws unless a response is a denial. It reads only status and headers, so it also works with a response of
 * a running server, and the body can still be read.
 *
 * @throws {AssertionError} of node:assert, with the expected and the actual value
 * @example
 * const response = await createTestGate(policy).send("/api/search");
 * expectDenied(response, { rule: "search", retryAfter: "1 minute" });
 */
export function expectDenied(
  response: Response,
  { status = 429, rule, retryAfter }: DeniedExpectation = {},
): void {
  const fail = failing(expectDenied, response);
  if (response.status !== status) fail("status", status, response.status);
  const names = limitsOf(response).map(({ name }) => name);
  if (rule !== undefined && !names.some((name) => isOf(rule, name))) {
    fail("a limit without capacity in RateLimit", `one of the rule ${rule}`, listed(names));
  }
  if (retryAfter === undefined) return;
  const expected = secondsOf(retryAfter);
  const said = response.headers.get("retry-after");
  if (said !== String(expected)) fail("Retry-After in seconds", expected, said ?? "absent");
}

/**
 * Throws when the gate denied a request. It reads only status and headers. Responses to GET show limits when
 * their rule has `headers: "always"`.
 *
 * @throws {AssertionError} of node:assert, with the expected and the actual value
 * @example
 * const response = await createTestGate(policy).send("/api/search");
 * expectAllowed(response, { rule: "search", remaining: 29 });
 */
export function expectAllowed(
  response: Response,
  { remaining, rule }: AllowedExpectation = {},
): void {
  const fail = failing(expectAllowed, response);
  if (DENIALS.has(response.status)) fail("status", "one of an allowed request", response.status);
  if (remaining === undefined && rule === undefined) return;
  const shown = limitsOf(response).filter(({ name }) => rule === undefined || isOf(rule, name));
  const what = rule === undefined ? "a limit" : `a limit of the rule ${rule}`;
  if (shown.length === 0) fail("RateLimit", `${what}; GET shows it with headers: "always"`, "none");
  const left = Math.min(...shown.map((limit) => limit.remaining));
  if (remaining !== undefined && left !== remaining)
    fail(`what is left of ${what}`, remaining, left);
}

/** Returns a function that throws. Its message has the status of the response. */
function failing(by: (response: Response) => void, { status }: Response) {
  return (what: string, expected: string | number, actual: string | number): never => {
    throw new AssertionError({
      message: `${by.name}: ${what} of a response with status ${status} must be ${expected}, not ${actual}.`,
      expected,
      actual,
      operator: by.name,
      stackStartFn: by,
    });
  };
}

/** One item of RateLimit, such as `"search:ip:minute";r=0;t=60`. */
const ITEM = /"((?:[^"\\]|\\.)*)"[^,]*?;\s*r=(\d+)/g;

/** Returns the limits that the header RateLimit names. */
function limitsOf({ headers }: Response): { readonly name: string; readonly remaining: number }[] {
  return [...(headers.get("ratelimit") ?? "").matchAll(ITEM)].map(
    ([, name = "", remaining = ""]) => ({ name, remaining: Number(remaining) }),
  );
}

/** Returns true when a limit's name begins with its rule's. */
function isOf(rule: string, name: string): boolean {
  return name === rule || name.startsWith(`${rule}:`);
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? names.join(", ") : "none";
}

/** @throws {TypeError} when a text is not a length of time */
function secondsOf(given: number | string): number {
  if (typeof given === "number") return given;
  const ms = parseDuration(given);
  if (ms !== undefined) return Math.ceil(ms / 1000);
  throw new TypeError(
    `retryAfter must be seconds, or a text such as "1 minute", not ${JSON.stringify(given)}.`,
  );
}
