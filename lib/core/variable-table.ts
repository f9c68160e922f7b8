import { settingsError, type Variables } from "./settings.ts";

/** One variable: how its text is read, and what it must be. */
export interface Variable<Value> {
  /** Returns the value, or undefined where the text cannot be used. */
  readonly read: (text: string) => Value | undefined;
  /** What it must be, for errors and for docs/reference/environment.md. */
  readonly mustBe: string;
  /**
   * The text that stands for it where it is not set.
   * @default none: the value is undefined then
   */
  readonly standard?: string;
}

/** Variables by their names. */
export type VariableTable = Readonly<Record<string, Variable<unknown>>>;

/** The values of a table's variables. Only one without a standard may be undefined. */
export type ValuesOf<Table extends VariableTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly standard: string }
    ? Exclude<ReturnType<Table[Name]["read"]>, undefined>
    : ReturnType<Table[Name]["read"]>;
};

/**
 * Reads the variables of a table. It looks at no other.
 *
 * @param set the variables that are set, without blanks around them ({@link trimVariables})
 * @throws {SettingsError} ENV_INVALID, which names each variable at fault and never what it holds
 * @example
 * const table = { PAGES: { read: wholeNumber(1, 9), mustBe: "a whole number from 1 to 9", standard: "3" } };
 * readVariables(table, { PAGES: "5" }).PAGES; // 5
 */
export function readVariables<Table extends VariableTable>(
  table: Table,
  set: Variables,
): ValuesOf<Table> {
  const values: Record<string, unknown> = {};
  const mustBe: Record<string, string> = {};
  for (const [name, variable] of Object.entries(table)) {
    const text = set[name] ?? variable.standard;
    values[name] = text === undefined ? undefined : variable.read(text);
    if (text !== undefined && values[name] === undefined) mustBe[name] = variable.mustBe;
  }
  if (Object.keys(mustBe).length > 0) throw settingsError(mustBe);
  return values as ValuesOf<Table>;
}
