import type { Platform, PlatformWords } from "./platform.ts";

/** The nth address of X-Forwarded-For from the right, for n trusted proxies. */
export interface HopsSource {
  /**
   * The name of the source: an entry of X-Forwarded-For.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "hops", hops: 1 } });
   */
  readonly from: "hops";
  /**
   * The number of trusted proxies in front of the app, from 1 to 99: the address is that entry from the
   * right.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "hops", hops: 2 } });
   */
  readonly hops: number;
}

const FORM = /^hops:([1-9]\d?)$/;

export const HOPS: Platform<HopsSource> = {
  name: "hops",
  place: 2,
  form: "hops:n",
  note: "behind n proxies, from 1 to 99",
  read(value) {
    const hops = FORM.exec(value)?.[1];
    return hops ? { from: "hops", hops: Number(hops) } : undefined;
  },
  address: (headers, { hops }) => fromRight(headers, hops),
  label: ({ hops }) => `hops:${hops}`,
  behind: ({ hops }) => ({ cloudflare: `hops:${hops + 1}` }),
};

/**
 * Returns the nth entry of X-Forwarded-For from the right, as it is written; undefined when there are fewer.
 * The entries before it, which a client may have written, are not read.
 */
export function fromRight(headers: Headers, n: number): string | undefined {
  const list = headers.get("x-forwarded-for") ?? "";
  let end = list.length;
  for (let i = 1; i < n; i += 1) {
    end = list.lastIndexOf(",", end - 1);
    if (end <= 0) return undefined;
  }
  return list.slice(list.lastIndexOf(",", end - 1) + 1, end);
}

/** @public The table in docs/guides/client-address.md reads it by the file's name. */
export const WORDS: PlatformWords = {
  example: "hops:n",
  where: "behind n trusted proxies that write X-Forwarded-For",
  reads: "the nth address from the right",
  forged: "nothing, as long as n is right: with n too large, everything",
};
