import { choiceOf } from "#lib/core/choice";
import type { Variables } from "#lib/core/settings";
import { ADDRESS_FORMS, addressSource } from "#lib/identity/address-source";
import { platformOf } from "#lib/identity/platforms/all";
import type { FoundPlace } from "./places.ts";

/** Where the address of a client comes from. */
export interface AddressInfo {
  /** A form of CLIENT_IP_FROM, without networks; null when it is not known. */
  readonly source: string | null;
  /** What determines the source: "CLIENT_IP_FROM" or "the platform"; null when nothing does. */
  readonly by: "CLIENT_IP_FROM" | "the platform" | null;
  /** What is wrong with CLIENT_IP_FROM, without its value; null when it is valid. */
  readonly problem: string | null;
}

/** A header name that is safe to print. Other characters could be a secret in the wrong variable. */
const HEADER_FORM = /^header:[a-z]+(?:-[a-z]+){0,5}$/i;

/** Finds the source of addresses in the environment. It never throws. */
export function findAddress(env: Variables, places: readonly FoundPlace[]): AddressInfo {
  const { CLIENT_IP_FROM: wanted } = env;
  const onWorkers = places.some(({ name }) => name === "Cloudflare");
  try {
    const source = addressSource({
      clientIpFrom: wanted,
      // Our server gives its process a nonce. Without one, "socket" would be reported as a mistake.
      socketNonce: wanted === "socket" ? "given" : undefined,
      onVercel: env["VERCEL"] === "1",
      onCloudflare: onWorkers && wanted === "cloudflare",
      production: false,
    });
    if (!source) return { source: null, by: null, problem: null };
    const label = platformOf(source)?.label?.(source) ?? source.from;
    const isShown = source.from !== "header" || HEADER_FORM.test(label);
    return {
      source: isShown ? label : "header:…",
      by: wanted === undefined ? "the platform" : "CLIENT_IP_FROM",
      problem: null,
    };
  } catch {
    const problem = `CLIENT_IP_FROM cannot be used here: it must be ${choiceOf(ADDRESS_FORMS)}, and a platform's own form is for that platform`;
    return { source: null, by: "CLIENT_IP_FROM", problem };
  }
}
