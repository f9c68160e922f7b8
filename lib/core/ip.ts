/** An address: four bytes of IPv4, or eight groups of 16 bits of IPv6. */
export type Ip = readonly number[];

const BYTE = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[\da-f]{1,4}$/i;
const ZEROS = /\b0(?::0)+\b/g;

/** Reads four decimal parts only: parsers disagree about "0177.1", "01.2.3.4" and "2130706433". */
export function parseIpv4(text: string): Ip | undefined {
  const parts = text.split(".");
  const isIpv4 = parts.length === 4 && parts.every((part) => BYTE.test(part) && Number(part) < 256);
  return isIpv4 ? parts.map(Number) : undefined;
}

/** Reads IPv6 as RFC 4291 (2.2) writes it, without an IPv4 tail and without a zone. */
export function parseIpv6(text: string): Ip | undefined {
  const [head = [], tail, more] = text.split("::").map((half) => (half ? half.split(":") : []));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (more || (tail ? missing < 1 : missing !== 0)) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  return groups.every((group) => GROUP.test(group))
    ? groups.map((group) => parseInt(group, 16))
    : undefined;
}

/** Writes IPv6 in its short form (RFC 5952): lower case, `::` for the first longest run of zeros. */
export function formatIpv6(ip: Ip): string {
  const text = ip.map((group) => group.toString(16)).join(":");
  let [start, end] = [0, 0];
  for (const { index, 0: run } of text.matchAll(ZEROS)) {
    if (run.length > end - start) [start, end] = [index, index + run.length];
  }
  if (end === 0) return text;
  return `${text.slice(0, Math.max(start - 1, 0))}::${text.slice(end + 1)}`;
}

/** Returns the network of an address: all bits after the first `bits` are zero. */
export function networkOf(ip: Ip, bits: number): Ip {
  const width = widthOf(ip);
  return ip.map((part, i) => {
    const host = width - Math.min(Math.max(bits - width * i, 0), width);
    return (part >> host) << host;
  });
}

/** Returns the bits of each number of an address. */
export function widthOf(ip: Ip): number {
  return ip.length === 4 ? 8 : 16;
}
