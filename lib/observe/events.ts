import type { Decision } from "#lib/core/decision";
import type { Doubt } from "#lib/core/doubt";
import type { GateMode } from "#lib/core/mode";
import type { OnStoreFailure } from "#lib/core/on-store-failure";

/** What happened to one checked request, or to one call from code. Holds no personal data. */
export type HeadgateEvent =
  | {
      readonly kind: "decision";
      readonly rules: readonly string[];
      readonly decision: Decision;
      /** What the rules say of a failing store; tells why a failed check passed. */
      readonly onStoreFailure: OnStoreFailure;
      /** False where an address was counted that could not be told: with all others like it. */
      readonly addressKnown: boolean;
      /** Of all decisions: in "shadow" nobody was refused, whatever was decided. */
      readonly mode: GateMode;
      /** Names the request where it was refused or the store failed; undefined elsewhere and for calls from code. */
      readonly requestId: string | undefined;
      /** Milliseconds from asking to deciding. */
      readonly tookMs: number;
    }
  | {
      readonly kind: "breaker";
      /** Whether store calls are tried: "open" after so many failed that none is. */
      readonly state: "open" | "closed";
      /** The failure that opened it; the last one, where it is closed again. */
      readonly error: Error;
    }
  | {
      readonly kind: "failure";
      /**
       * What failed: an identity's resolver, the app's own `onDenied`, or the "report" of a request that
       * an optimistic rule let pass: it may not be counted.
       */
      readonly what: string;
      readonly error: unknown;
    }
  /** A client may be counted as another than was meant. Each cause is reported once. */
  | ({ readonly kind: "address" } & Doubt);

/** Hears of events; what it answers is awaited, what it throws is dropped. */
export type Listener = (event: HeadgateEvent) => unknown;

/**
 * Returns one listener for several. Each is called with every event, and what one of them throws keeps
 * the event from none of the others.
 *
 * @example
 * const onEvent = toEach([logEvents(console.warn), (event) => metrics.count(event.kind)]);
 */
export function toEach(listeners: readonly Listener[]): Listener {
  return async (event) => {
    await Promise.allSettled(listeners.map(async (listener) => listener(event)));
  };
}
