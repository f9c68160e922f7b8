import { createGate } from "#lib/gate";
import { definePolicy } from "#lib/policy/define";
import { senderTo } from "./gate-sender.ts";
import type { TestStore } from "./gateway.ts";
import { gateOptions } from "./options.ts";

export const rules = {
  plain: { match: "/plain", limits: { ip: "2 per minute" } },
  told: { match: "/told", limits: { ip: "2 per minute" }, headers: "always" },
  quiet: { match: "/quiet", limits: { ip: "2 per minute" }, headers: "denied" },
  first: { match: "/both", limits: { ip: "5 per minute" }, headers: "always" },
  second: { match: "/both", limits: { ip: "3 per minute" }, headers: "denied" },
  upload: { match: "/upload", limits: { ip: "2 per minute" }, maxBody: "1 kB" },
  small: { match: "/upload/small", limits: { ip: "9 per minute" }, maxBody: 10 },
  large: { match: "/upload/small", limits: { ip: "9 per minute" }, maxBody: "1 MB" },
  trial: { match: "/trial", limits: { ip: "2 per minute" }, maxBody: 10, mode: "shadow" },
} as const;
const policy = definePolicy({ rules });

type Options = Partial<Parameters<typeof createGate>[1]>;

/** Returns a function that makes gates on the store of a file's tests. */
export function answeringGates(live: { readonly store: TestStore }) {
  /** Returns a gate's events, and a function that sends it a request and awaits the work after the response. */
  function gate(options: Options = {}, handler?: () => Response, of = policy) {
    const made = gateOptions(live.store);
    const guard = createGate(of, { ...made.options, ...options }, handler);
    return { send: senderTo(guard), events: made.events };
  }
  return gate;
}

export const TOLD = ["ratelimit", "ratelimit-policy", "x-ratelimit-limit"];

/** Returns the names of the rate-limit headers that a response has. */
export const toldBy = ({ headers }: Response) => TOLD.filter((name) => headers.has(name));
