interface Range {
  readonly type: string;
  /** 2 when the range names a type and subtype, 1 for a type alone, 0 for any type. */
  readonly precision: number;
  readonly quality: number;
}

const NOTHING: Range = { type: "", precision: -1, quality: 0 };

/**
 * Returns the offered media type that a client prefers, by its Accept header (RFC 9110, section 12.5.1);
 * undefined when it accepts no offered type. The most precise range that matches a type decides about its
 * quality. Among types of equal quality, the more precise range wins, then the earlier range, then the earlier
 * offer. Parameters other than `q` are ignored.
 */
export function preferred(accept: string, offered: readonly string[]): string | undefined {
  const ranges = accept.split(",").flatMap(readRange);
  const liked = offered
    .map((type) => ({ type, by: rangeFor(type, ranges) }))
    .filter(({ by }) => by.quality > 0)
    .toSorted(
      ({ by: a }, { by: b }) =>
        b.quality - a.quality || b.precision - a.precision || ranges.indexOf(a) - ranges.indexOf(b),
    );
  return liked[0]?.type;
}

function readRange(text: string): Range[] {
  const [name = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const [, type, subtype] = /^([^/\s]+)\/([^/\s]+)$/.exec(name) ?? [];
  if (!type || !subtype) return [];
  const given = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  const precision = Number(type !== "*") + Number(subtype !== "*");
  return quality >= 0 && quality <= 1 ? [{ type: name, precision, quality }] : [];
}

/** Returns the most precise range that matches a type. */
function rangeFor(type: string, ranges: readonly Range[]): Range {
  const names = new Set([type, `${type.slice(0, type.indexOf("/"))}/*`, "*/*"]);
  return ranges
    .filter((range) => names.has(range.type))
    .reduce((best, range) => (range.precision > best.precision ? range : best), NOTHING);
}
