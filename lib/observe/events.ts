import type { Decision } from "#lib/core/decision";

/** What happened to one checked request, or to one call from code. Holds no personal data. */
export type HeadgateEvent =
  | {
      readonly kind: "decision";
      readonly rules: readonly string[];
      readonly decision: Decision;
      /** What the rules say of a failing store; tells why a failed check passed. */
      readonly onStoreFailure: "allow" | "deny" | "local";
      /** False where an address was counted that could not be told: with all others like it. */
      readonly addressKnown: boolean;
      /** Milliseconds from asking to deciding. */
      readonly tookMs: number;
    }
  | {
      readonly kind: "failure";
      /** What failed: an identity's resolver, or the app's own `onDenied`. */
      readonly what: string;
      readonly error: unknown;
    }
  | {
      readonly kind: "address";
      /** What seems wrong with where addresses come from; each code is reported once. */
      readonly code: "CLIENT_ADDRESS_HEADER_ABSENT" | "CLIENT_ADDRESS_HEADER_UNCONFIGURED";
      readonly message: string;
    };

/** Hears of events; what it answers is awaited, what it throws is dropped. */
export type Listener = (event: HeadgateEvent) => unknown;
