import { doubtOf } from "#lib/core/doubt";
import { emitTo, type Listener } from "#lib/core/events";
import { once } from "#lib/core/lazily";
import { UNKNOWN_ADDRESS } from "#lib/core/canonical-address";
import { type AddressOptions, createCountedAddress } from "#lib/identity/counted-address";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { signVisitor, VISITOR_HEADER, VISITOR_MS } from "#lib/identity/visitor";

/** The part of a gate's options that `createVisitorHeaders` needs. */
export interface VisitorOptions extends AddressOptions {
  /**
   * Called with the event VISITOR_SECRET_GUESSABLE when `visitorSecret` is not set.
   * @default no event is made
   * @example
   * createVisitorHeaders({ ...gate.options, onEvent: logEvents(console.info) });
   */
  readonly onEvent?: Listener | undefined;
}

/**
 * Makes the function that returns headers for a call of the app to itself, so that the gate counts the
 * call by the address of the visitor for whom it is made. The headers hold only that address, signed with
 * `visitorSecret` and valid for 60 seconds. Send them to the app's own URLs only: a receiver can make requests
 * that are counted as that visitor's for as long.
 *
 * The function takes the headers of the visitor's request. It returns no header when the address is not
 * known, or when `visitorSecret` is not set; the latter is reported once as VISITOR_SECRET_GUESSABLE.
 * It never throws.
 *
 * @example
 * const asVisitor = createVisitorHeaders(gate.options);
 * await fetch("https://app.example/api/search", { headers: asVisitor(await headers()) });
 */
export function createVisitorHeaders(
  options: VisitorOptions,
): (headers: Headers) => Record<string, string> {
  const made = once(() => makeAsVisitor(options));
  return (headers) => made()(headers);
}

function makeAsVisitor(options: VisitorOptions): (headers: Headers) => Record<string, string> {
  const { visitorSecret, onEvent } = options;
  const countedAddress = createCountedAddress(options);
  if (!visitorSecret) {
    let isReported = false;
    return (): Record<string, string> => {
      if (!isReported) emitTo(onEvent)({ kind: "address", ...UNSIGNED });
      isReported = true;
      return {};
    };
  }
  const sign = createKeyedHash(visitorSecret, 2);
  return (headers): Record<string, string> => {
    // The gate reports doubts about the address, so they are ignored here.
    const address = countedAddress(headers, () => {});
    if (address === UNKNOWN_ADDRESS) return {};
    return { [VISITOR_HEADER]: signVisitor(sign, address, String(Date.now() + VISITOR_MS)) };
  };
}

const UNSIGNED = doubtOf(
  "VISITOR_SECRET_GUESSABLE",
  "warn",
  "A call of the app to itself is counted by the server's own address: a client could guess the secret that would sign its visitor's. Set HEADGATE_SECRET.",
);
