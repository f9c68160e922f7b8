/** A change that the page sends, as JSON in which every value is text. */
export type ChangeBody =
  | {
      readonly action: "block" | "allow";
      /** A client key, an address or a CIDR block. */
      readonly client: string;
      readonly for: string;
      readonly reason: string;
    }
  | {
      readonly action: "override";
      readonly rule: string;
      /** Units, a factor such as "2x", or "unlimited". */
      readonly to: string;
      /** The name of one limit. */
      readonly limit?: string;
      readonly client?: string;
      readonly for: string;
      readonly reason: string;
    }
  | {
      readonly action: "mode";
      readonly mode: string;
      /** Absent for all rules. */
      readonly rule?: string;
      readonly for: string;
      readonly reason: string;
    }
  | {
      readonly action: "remove";
      /** The id of the entry. */
      readonly id: string;
      readonly reason?: string;
    }
  | {
      readonly action: "reset";
      /** A client key. */
      readonly client: string;
      readonly reason?: string;
    };

interface Fields {
  readonly needed: readonly string[];
  readonly optional: readonly string[];
}

const LASTING = ["for", "reason"];

const FIELDS: ReadonlyMap<unknown, Fields> = new Map<ChangeBody["action"], Fields>([
  ["block", { needed: ["client", ...LASTING], optional: [] }],
  ["allow", { needed: ["client", ...LASTING], optional: [] }],
  ["override", { needed: ["rule", "to", ...LASTING], optional: ["limit", "client"] }],
  ["mode", { needed: ["mode", ...LASTING], optional: ["rule"] }],
  ["remove", { needed: ["id"], optional: ["reason"] }],
  ["reset", { needed: ["client"], optional: ["reason"] }],
]);

/** The longest text of a field, in characters. */
const MAX_LENGTH = 512;

/** Returns a change of the page, or why the text cannot be read. Unknown fields are rejected. */
export function readChange(text: string): ChangeBody | { readonly problem: string } {
  const given = parse(text);
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return { problem: "The body must be a JSON object." };
  }
  const { action, ...rest } = given as Readonly<Record<string, unknown>>;
  const fields = FIELDS.get(action);
  if (!fields) {
    return { problem: `action must be one of: ${[...FIELDS.keys()].join(", ")}.` };
  }
  const known = [...fields.needed, ...fields.optional];
  const strange = Object.keys(rest).find((name) => !known.includes(name));
  if (strange !== undefined) {
    return { problem: `The body must have only these fields: action, ${known.join(", ")}.` };
  }
  const bad = known.find((name) => !isField(rest[name], fields.needed.includes(name)));
  if (bad !== undefined) {
    return { problem: `${bad} must be text of 1 to ${MAX_LENGTH} characters.` };
  }
  return given as ChangeBody;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isField(value: unknown, isNeeded: boolean): boolean {
  if (value === undefined) return !isNeeded;
  return typeof value === "string" && value !== "" && value.length <= MAX_LENGTH;
}
