import { createHeadgate } from "./create.ts";
import { createGate } from "./gate.ts";
import type { HeadgateOptions } from "./options.ts";
import type { AnyPolicy } from "#lib/policy/define";
import { passOn } from "#lib/respond/pass";
import type { AfterAnswer, Answer } from "./responses.ts";

/**
 * Makes the gate's middleware of a policy: short for `createHeadgate(policy).middleware`. It finds the
 * rules that match a request and its client, and checks all their limits: an allowed request goes on with
 * the limits' headers, and a denied one is answered.
 *
 * @param policy what config/rate-limits.ts exports
 * @param options what the gate works with, for an app that reads no variables; by default the variables
 * are read at the first request
 * @param next the app's own middleware, called for allowed requests: its cookies, headers,
 * rewrites and redirects are kept
 * @throws {PolicyError} with every problem of the policy: at once with `options`, and else at the first
 * request
 * @example
 * export default headgate(policy);
 * @example
 * export default headgate(policy, { redis, namespace: "shop", secret, addressSource });
 */
export function headgate<R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
  policy: AnyPolicy,
  options?: HeadgateOptions,
  next: (request: R, event: E) => Answer | Promise<Answer> = passOn,
): (request: R, event: E) => Promise<Response> {
  return options ? createGate(policy, options, next) : createHeadgate(policy).wrap(next);
}
