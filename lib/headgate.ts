import { createHeadgate } from "./create.ts";
import { createGate } from "./gate.ts";
import type { HeadgateOptions } from "./options.ts";
import type { AnyPolicy } from "#lib/policy/define";
import { passOn } from "#lib/respond/pass";
import type { AfterAnswer, Answer } from "./responses.ts";

/**
 * Makes the gate's middleware from a policy: short for `createHeadgate(policy).middleware`. It finds the
 * rules that match a request, identifies the client, and checks all limits. An allowed request is passed on,
 * and its response gets the limits' headers; a denied request gets a response here.
 *
 * @param policy the default export of config/rate-limits.ts
 * @param options the gate's options, for an app that reads no variables; by default the variables are read at
 * the first request
 * @param next the app's own middleware, called for allowed requests: its cookies, headers,
 * rewrites and redirects are kept
 * @throws {PolicyError} with every problem of the policy: at once with `options`, otherwise at the first
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
