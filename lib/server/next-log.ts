import { formatWithOptions } from "node:util";

/**
 * What Next prints of a request, as patterns, and what is printed in its place. Each pattern begins where
 * the text begins and ends at the last place that fits: a client's text cannot end it, and a long one
 * takes no long time.
 */
const LINES: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /^`(?:x-forwarded-host|host)` header with value `[^]* (?=from a forwarded Server Actions request)/,
    "The host of the request does not match its `origin` header ",
  ],
  [/^([^\n]{0,40}Failed to find Server Action) "[^]*"(?=\. This request might be from)/, "$1"],
  [/^([^\n]{0,40}did not match the expected format\.) Received "[^]*"\.(?=\nRead more)/, "$1"],
  // Without a frame of the app: what could not be read is the body of a Server Action.
  [
    /^([^\n]{0,40}?(?:Syntax|Type)Error: )[^]*(?=\n +at (?:JSON\.parse|BigInt|new Map) \(<anonymous>\)(?:\n +at ignore-listed frames)*(?: \{\n(?: {2}\w+: [^\n]*\n)*\})?\s*$)/,
    "$1The body of a Server Action cannot be read.",
  ],
  // The optimizer of images prints the `url` that it was asked for.
  [/^([^\n]{0,40}?upstream image) [^]*(?= hostname resolved to private IP)/, "$1:"],
  [
    /^([^\n]{0,40}?(?:upstream|internal) image response (?:[a-z ]+ for|had too many redirects)) [^]*?( \d+)?$/,
    "$1 a URL$2",
  ],
  [/^([^\n]{0,40}The requested resource isn't a valid image for) [^]*(?= received )/, "$1 a URL"],
  [/^([^\n]{0,40}The requested resource) "[^]*"(?= is an animated image)/, "$1"],
  // The path of a page, or of what a rewrite leads to. The error of the latter is printed once more.
  [/^(Failed to update prerender cache for) [^]*\n {2}code: '(\w+)'[^]*$/, "$1 a page: $2"],
  [/^(Failed to update prerender cache for) (?!a page: \w+$)[^]*$/, "$1 a page"],
  [/^(Failed to proxy) [^]*$/, "$1 a request"],
  [/^(API response for) [^]*(?= exceeds )/, "$1 a request"],
];

/**
 * Returns a line of Next's log without the text that a client chose: an Origin, a host, the id of a
 * Server Action, a part of its body, or a path or URL. Every other line stays as it is.
 *
 * @example
 * withoutClientText('Error: Failed to find Server Action "…". This request might be from …');
 */
export function withoutClientText(line: string): string {
  return LINES.reduce((text, [pattern, instead]) => text.replace(pattern, instead), line);
}

/** Makes this process print what Next logs without the text of clients. */
export function cleanNextLog(): void {
  for (const name of ["error", "warn"] as const) {
    const print = console[name].bind(console);
    console[name] = (...values: unknown[]) => {
      print(
        "%s",
        withoutClientText(formatWithOptions({ colors: process.stderr.isTTY }, ...values)),
      );
    };
  }
}
