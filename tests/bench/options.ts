import { parseArgs } from "node:util";
import type { How, Part } from "./parts.ts";
import { ORDER, type PartName } from "./report/order.ts";

/** The options of `npm run bench`. */
export interface Options {
  /** The measured parts, in order. */
  readonly parts: readonly PartName[];
  /** True when `--only` names the parts. */
  readonly isNamed: boolean;
  readonly save: boolean;
  /** True when only the docs are written from saved figures. */
  readonly docs: boolean;
  readonly help: boolean;
  readonly how: Partial<How>;
}

/**
 * Reads the options of the command.
 *
 * @throws {Error} when an option is unknown, or has a value that is not allowed
 */
export function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text,
      rounds: text,
      seconds: text,
      connections: text,
      calls: text,
      clients: text,
      save: { type: "boolean", default: false },
      docs: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { only, connections, save, docs, help } = values;
  const counts = (["rounds", "seconds", "calls", "clients"] as const).flatMap((name) => {
    const given = values[name];
    return given === undefined ? [] : [[name, wholeNumber(name, given)] as const];
  });
  return {
    parts: only === undefined ? ORDER : partsOf(only),
    isNamed: only !== undefined,
    save,
    docs,
    help,
    how: {
      ...Object.fromEntries(counts),
      ...(connections !== undefined && {
        connections: connections.split(",").map((given) => wholeNumber("connections", given)),
      }),
    },
  };
}

function partsOf(only: string): PartName[] {
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !ORDER.includes(name as PartName));
  if (unknown.length > 0) {
    throw new Error(`--only must be names of ${ORDER.join(", ")}, but is "${unknown.join(", ")}".`);
  }
  return ORDER.filter((name) => names.includes(name));
}

function wholeNumber(option: string, given: string): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new Error(`--${option} must be a whole number from 1, but is "${given}".`);
}

/** The defaults of options that neither the command nor the part sets. */
const FALLBACK: How = {
  rounds: 5,
  seconds: 2,
  connections: [1, 16, 64],
  calls: 2000,
  clients: 100_000,
};

/** Returns the options of a part: the given ones, and its defaults for the others. */
export function howOf({ defaults }: Part, given: Partial<How>): How {
  return { ...FALLBACK, ...defaults, ...given };
}

/** Returns the command that measures a part in the same way again. */
export function commandOf(name: PartName, { defaults }: Part, given: Partial<How>): string {
  const options = Object.entries(given)
    .filter(([option]) => option in defaults)
    .map(([option, value]) => ` --${option} ${String(value)}`);
  return `npm run bench -- --only ${name}${options.join("")}`;
}

/** Explains the command and every part of it. */
export function helpOf(parts: Readonly<Record<PartName, Part>>): string {
  const minutes = Object.values(parts).reduce((sum, part) => sum + part.minutes, 0);
  const lines = ORDER.map((name) => {
    const { what, minutes: each, needs, note, defaults } = parts[name];
    const about = [
      each < 1 ? "some seconds" : `about ${each} min`,
      needs === "wrk" && "needs wrk",
      needs === "linux" && "on Linux",
      note,
      ...Object.entries(defaults).map(([option, value]) => `--${option} ${String(value)}`),
    ].filter((word) => word !== false && word !== undefined);
    return `  ${name.padEnd(12)}${what}\n${" ".repeat(14)}${about.join("; ")}`;
  });
  return `Measures Headgate on this machine, each thing beside what it is compared to.

  npm run bench                          everything, about ${Math.round(minutes)} minutes on two cores
  npm run bench -- --only tools,locks    some of the parts below
  npm run bench -- --save                the same, and the docs get what was measured
  npm run bench -- --docs                measures nothing: writes the docs from the saved figures

It prints one page: what is wanted of each part beside what was measured. Figures of time and requests per
second are of this machine; compare ratios, which are taken within one run. All tables are written to
.headgate/bench.json as the parts end. With --save they go to docs/evidence/figures, and from there into the
pages and the picture of the docs, each with its commit, day and machine; the other parts keep what they
have. So files that are not committed are refused with --save, except the docs.

What needs wrk is told as not measured without it: on Debian or Ubuntu, sudo apt-get install wrk.

${lines.join("\n")}

A figure that is missed is printed as missed, and is no failure. The command fails with 1 when a part broke
off, or was named and cannot run here, and with 2 when it was called wrongly.
`;
}
