import { formatWithOptions } from "node:util";

/**
 * Patterns for Next's log lines about a request, and their replacements. Each pattern begins at the start of
 * the text and ends at the last place that fits, so that a client's text cannot end it early, and a long
 * text takes little time.
 */
const LINES: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /^`(?:x-forwarded-host|host)` header with value `[^]* (?=from a forwarded Server Actions request)/,
    "The host of the request does not match its `origin` header ",
  ],
  [/^([^\n]{0,40}Failed to find Server Action) "[^]*"(?=\. This request might be from)/, "$1"],
  [/^([^\n]{0,40}did not match the expected format\.) Received "[^]*"\.(?=\nRead more)/, "$1"],
  // No frame is the app's, so the text that could not be read is the body of a Server Action.
  [
    /^([^\n]{0,40}?(?:Syntax|Type)Error: )[^]*(?=\n +at (?:JSON\.parse|BigInt|new Map) \(<anonymous>\)(?:\n +at ignore-listed frames)*(?: \{\n(?: {2}\w+: [^\n]*\n)*\})?\s*$)/,
    "$1The body of a Server Action cannot be read.",
  ],
  // The optimizer of images prints the `url` of the request.
  [/^([^\n]{0,40}?upstream image) [^]*(?= hostname resolved to private IP)/, "$1:"],
  [
    /^([^\n]{0,40}?(?:upstream|internal) image response (?:[a-z ]+ for|had too many redirects)) [^]*?( \d+)?$/,
    "$1 a URL$2",
  ],
  [/^([^\n]{0,40}The requested resource isn't a valid image for) [^]*(?= received )/, "$1 a URL"],
  [/^([^\n]{0,40}The requested resource) "[^]*"(?= is an animated image)/, "$1"],
  // The path of a page, or the target of a rewrite, whose error is printed a second time.
  [/^(Failed to update prerender cache for) [^]*\n {2}code: '(\w+)'[^]*$/, "$1 a page: $2"],
  [/^(Failed to update prerender cache for) (?!a page: \w+$)[^]*$/, "$1 a page"],
  [/^(Failed to proxy) [^]*$/, "$1 a request"],
  [/^(API response for) [^]*(?= exceeds )/, "$1 a request"],
];

/**
 * Returns a line of Next's log without the text that a client chose: an Origin, a host, the id of a
 * Server Action, a part of its body, a path or a URL. Every other line stays unchanged.
 *
 * @example
 * withoutClientText('Error: Failed to find Server Action "…". This request might be from …');
 */
export function withoutClientText(line: string): string {
  return LINES.reduce((text, [pattern, instead]) => text.replace(pattern, instead), line);
}

/** Removes the text of clients from all that this process prints by console.error and console.warn. */
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
