import { createGate } from "#lib/gate";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { senderTo } from "./gate-sender.ts";
import type { TestStore } from "./gateway.ts";
import { gateOptions } from "./options.ts";

/** Rules of each kind that a gate's tests need. */
export const policy = definePolicy({
  identities: defineIdentities({
    user: (request) => request.headers.get("x-user") ?? undefined,
    broken: () => Promise.reject(new Error("its database is down")),
  }),
  defaults: { headers: "always" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "5 per minute" } },
    search: { match: "/api/search", limits: { ip: "2 per minute", "user|ip": "3 per hour" } },
    closed: { match: "/closed", limits: { ip: "5 per minute" }, onStoreFailure: "deny" },
    shop: { match: "/shop", limits: { global: "2 per minute", ip: "5 per minute" } },
    many: { match: "/many", limits: { ip: "500 per minute", global: "9000 per hour" } },
    quick: { match: "/quick", limits: { ip: "20 per minute" }, admit: "optimistic" },
    "quick-too": { match: "/quick/too", limits: { ip: "5 per minute" } },
    both: { match: "/quick/too", limits: { ip: "30 per minute" }, admit: "optimistic" },
    watched: { match: "/quick/seen", limits: { ip: "30 per minute" }, admit: "optimistic" },
    watching: { match: "/quick/seen", limits: { ip: "3 per minute" }, mode: "shadow" },
    burst: { match: "/burst", limits: { ip: "2 per 2 seconds" } },
    all: { match: "/all", limits: { global: "1 per minute" } },
    named: { match: "/named", limits: { user: "5 per minute" } },
    broken: { match: "/broken", limits: { broken: "1 per minute" } },
  },
});

/** Returns a function that makes gates on the store of a file's tests. */
export function gatesOn(live: { readonly store: TestStore }) {
  /** Returns a gate's events, and a function that sends it a request and awaits the work after the response. */
  return (
    options: Partial<Parameters<typeof createGate>[1]> = {},
    next?: () => Response | undefined,
  ) => {
    const made = gateOptions(live.store);
    const guard = createGate(policy, { ...made.options, ...options }, next);
    const sendToGate = senderTo(guard);
    const send = (path: string, headers: Record<string, string> = {}, method = "GET") =>
      sendToGate(path, { headers, method });
    return { send, events: made.events, namespace: made.options.namespace };
  };
}

/** Whether the gate passed a request on to the app. */
export const passed = (answer: Response) => answer.headers.get("x-middleware-next") === "1";
