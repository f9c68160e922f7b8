import { settingsError } from "#lib/core/settings";
import type { Platform, PlatformWords } from "./platform.ts";

/** The only address in a header that a proxy overwrites. */
export interface HeaderSource {
  /**
   * The name of the source: a header that a proxy overwrites.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "header", header: "x-real-ip" } });
   */
  readonly from: "header";
  /**
   * The name of the header, in lower case.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "header", header: "x-real-ip" } });
   */
  readonly header: string;
}

const FORM = /^header:([\w!#$%&'*+.^`|~-]{1,64})$/;

/** Headers that hold lists, and those that Headgate itself writes. */
const NO_HEADERS = /^(?:x-forwarded-for|forwarded|x-headgate-.*)$/;

export const HEADER: Platform<HeaderSource> = {
  name: "header",
  place: 4,
  form: "header:NAME",
  read: (value) =>
    value.startsWith("header:") ? { from: "header", header: headerOf(value) } : undefined,
  address(headers, { header }) {
    const value = headers.get(header) ?? undefined;
    // CloudFront appends a port to every address, and writes no brackets around an IPv6 address.
    return header === "cloudfront-viewer-address" ? value?.replace(/:\d+$/, "") : value;
  },
  label: ({ header }) => `header:${header}`,
  reads: ({ header }) => header,
};

function headerOf(value: string): string {
  const header = FORM.exec(value)?.[1]?.toLowerCase();
  if (header && !NO_HEADERS.test(header)) return header;
  throw settingsError({
    CLIENT_IP_FROM:
      "header: and the name of a header that your proxy overwrites with one address, such as header:fly-client-ip; for X-Forwarded-For, hops:n or trusted:CIDR",
  });
}

/** @public The table in docs/guides/client-address.md reads it by the file's name. */
export const WORDS: PlatformWords = {
  example: "header:fly-client-ip",
  where: "behind a proxy or CDN that overwrites that header",
  reads: "the one address in that header",
  forged: "nothing through the proxy; everything when the proxy is bypassed",
};
