import type { RuleNow, Snapshot, StoreNow } from "#lib/dashboard/model";
import type { ConnectionState } from "./connection.ts";
import { names } from "./numbers.ts";

/** A notice that an operator must see before the numbers. */
export interface Notice {
  readonly tone: "bad" | "warn" | "plain";
  readonly title: string;
  readonly lines: readonly string[];
}

/** Returns the notices of a state, the most urgent first. */
export function noticesOf(connection: ConnectionState, snapshot?: Snapshot): readonly Notice[] {
  return [
    ...ofConnection(connection),
    ...(snapshot ? [...ofMode(snapshot), ...ofStore(snapshot), ...ofCounters(snapshot)] : []),
  ];
}

function ofConnection(connection: ConnectionState): readonly Notice[] {
  switch (connection) {
    case "refused":
      return [
        notice("bad", "You no longer have access.", [
          "Sign in again, then reload.",
          "The numbers below are old and are no longer updated.",
        ]),
      ];
    case "lost":
      return [notice("bad", "The app does not answer; trying again.", [])];
    case "connecting":
    case "live":
      return [];
  }
}

function ofMode({ store: { mode, isModeSet }, rules }: Snapshot): readonly Notice[] {
  const by = isModeSet ? "The mode of all rules is set to" : "HEADGATE_MODE is";
  if (mode === "off")
    return [
      notice("bad", "The gate is off: nothing is denied.", [
        `${by} off. No request is checked, and none is counted.`,
      ]),
    ];
  if (mode === "shadow")
    return [
      notice("bad", "The gate is in shadow: nothing is denied.", [
        `${by} shadow. Requests are counted, and “would deny” says what rules would have denied.`,
      ]),
    ];
  const own = rules.filter(({ isInPolicy }) => isInPolicy);
  if (own.length === 0 || own.some(({ enforced }) => enforced > 0)) return [];
  return [
    notice("warn", "Every rule is in shadow: nothing is denied.", [
      "The policy enforces no rule. “Would deny” says what rules would have denied.",
    ]),
  ];
}

function ofStore({ store, rules }: Snapshot): readonly Notice[] {
  const reason = store.reason === undefined ? "" : ` (${store.reason})`;
  if (store.state === "down")
    return [
      notice("bad", "The store does not answer.", [
        `Requests are not counted${reason}. Until the store answers again, each rule follows its onStoreFailure:`,
        ...onFailure(rules),
      ]),
    ];
  const open =
    store.breaker === "open"
      ? [
          notice("warn", "The breaker of this instance is open.", [
            "Calls to the store failed, so this instance tries it only now and then. Meanwhile each rule follows its onStoreFailure:",
            ...onFailure(rules),
          ]),
        ]
      : [];
  if (store.state !== "degraded") return open;
  return [
    notice("warn", "The store is degraded.", [
      `It answers, but ${reasonOf(store) ?? "not reliably"}.`,
    ]),
    ...open,
  ];
}

const REASONS = new Map([
  ["failed-calls", "some calls fail"],
  ["slow-calls", "calls are slow"],
]);

/** Returns why the store is degraded as text, or the code of its error. */
export function reasonOf({ reason }: StoreNow): string | undefined {
  return reason === undefined ? undefined : (REASONS.get(reason) ?? reason);
}

const ON_FAILURE = [
  ["allow", "allowed, uncounted"],
  ["deny", "denied with 503"],
  ["local", "counted in each instance separately"],
] as const;

function onFailure(rules: readonly RuleNow[]): readonly string[] {
  return ON_FAILURE.flatMap(([mode, words]) => {
    const of = rules.filter(({ onStoreFailure }) => onStoreFailure === mode);
    if (of.length === 0) return [];
    return [`${mode}: requests are ${words} (${names(of.map(({ name }) => name))}).`];
  });
}

function ofCounters({ isCounted, store }: Snapshot): readonly Notice[] {
  if (isCounted || store.state === "down" || store.state === "unknown") return [];
  return [
    notice("plain", "Nothing was counted yet.", [
      "Either there was no request yet, or the gate does not count: its settings must have counters: countEvents().",
    ]),
  ];
}

function notice(tone: Notice["tone"], title: string, lines: readonly string[]): Notice {
  return { tone, title, lines };
}

/** Returns the text for a screen reader: the titles of all notices, or that all problems have ended. */
export function spokenOf(notices: readonly Notice[], wasTold: boolean): string {
  const urgent = notices.filter(({ tone }) => tone !== "plain");
  if (urgent.length === 0) return wasTold ? "All is well again." : "";
  return urgent.map(({ title }) => title).join(" ");
}
