import { settingsError, type Variables } from "./settings.ts";

/** One variable: how its text is read, and which form it must have. */
export interface Variable<Value> {
  /**
   * Returns the value, or undefined when the text is invalid.
   * @example
   * const TITLE = { read: (text: string) => text.trim() || undefined, mustBe: "a title" };
   * readVariables({ TITLE }, env);
   */
  readonly read: (text: string) => Value | undefined;
  /**
   * The expected form, for errors and for docs/reference/environment.md.
   * @example
   * const PAGES = { read: wholeNumber(1, 9), mustBe: "a whole number from 1 to 9" };
   * readVariables({ PAGES }, env);
   */
  readonly mustBe: string;
  /**
   * The text that is read when the variable is not set.
   * @default none: the value is undefined then
   * @example
   * const PAGES = { read: wholeNumber(1, 9), mustBe: "a whole number from 1 to 9", standard: "3" };
   * readVariables({ PAGES }, env);
   */
  readonly standard?: string;
}

/** Variables by their names. */
export type VariableTable = Readonly<Record<string, Variable<unknown>>>;

/** The values of a table's variables. Only a variable without a standard may be undefined. */
export type ValuesOf<Table extends VariableTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly standard: string }
    ? Exclude<ReturnType<Table[Name]["read"]>, undefined>
    : ReturnType<Table[Name]["read"]>;
};

/**
 * Reads the variables of a table and ignores all others.
 *
 * @param set the variables that are set, without blanks around them ({@link trimVariables})
 * @throws {SettingsError} ENV_INVALID, which names each variable at fault and never its value
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
