import { formatWithOptions } from "node:util";

/** What Next prints of a request, as patterns, and what is printed in its place. */
const LINES: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /`(?:x-forwarded-host|host)` header with value `[^]*` (?=from a forwarded Server Actions request)/,
    "The host of the request does not match its `origin` header ",
  ],
  [/(?<=Failed to find Server Action) "[^]*"(?=\. This request might be from)/, ""],
  [/(?<=did not match the expected format\.) Received "[^]*"\.(?=\nRead more)/, ""],
  // Without a frame of the app: what could not be read is the body of a Server Action.
  [
    /(?<=SyntaxError: )[^]*?(?=\n +at (?:JSON\.parse|BigInt) \(<anonymous>\)(?:\n +at ignore-listed frames)*(?: \{|\s*$))/,
    "The body of a Server Action cannot be read.",
  ],
];

/**
 * Returns a line of Next's log without the text that a client chose: an Origin, a host, the id of a
 * Server Action, or a part of its body. Every other line stays as it is.
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
