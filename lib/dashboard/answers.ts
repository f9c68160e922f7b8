import { toBase64 } from "#lib/core/base64";
import { type Problem, problemResponse } from "#lib/respond/problem";
import { SCRIPT, SCRIPT_NAME, STYLE, STYLE_NAME } from "./assets.ts";
import { ICON, ICON_NAME } from "./icon.ts";
import { pageHtml } from "./page-html.ts";

/**
 * Headers of every answer. If the app sets another policy, that replaces this header, so the page repeats
 * ours in a meta tag.
 */
const GUARDS = {
  "X-Frame-Options": "DENY",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Robots-Tag": "noindex, nofollow",
} as const;

const NO_STORE = { "Cache-Control": "private, no-store" } as const;

/** Script and style have a hash of their content in their names, and the icon never changes. */
const FOR_GOOD = { "Cache-Control": "private, max-age=31536000, immutable" } as const;

const FILES: ReadonlyMap<string, { readonly type: string; readonly text: string }> = new Map([
  [SCRIPT_NAME, { type: "text/javascript; charset=utf-8", text: SCRIPT }],
  [STYLE_NAME, { type: "text/css; charset=utf-8", text: STYLE }],
  [ICON_NAME, { type: "image/svg+xml", text: ICON }],
]);

/** Returns the page. Its script and style have addresses below the last segment of the page's path. */
export function pageAnswer(pathname: string): Response {
  const nonce = toBase64(crypto.getRandomValues(new Uint8Array(16)));
  const csp = policyOf(nonce);
  const segment = pathname.replace(/\/+$/, "").split("/").at(-1) ?? "";
  const base = segment === "" ? "./" : `./${segment}/`;
  return new Response(pageHtml({ base, nonce, csp, title: "Headgate" }), {
    headers: {
      ...GUARDS,
      ...NO_STORE,
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": `${csp}; frame-ancestors 'none'`,
    },
  });
}

/** Returns the page's script or style; undefined for any other name. */
export function fileAnswer(name: string): Response | undefined {
  const file = FILES.get(name);
  if (!file) return undefined;
  return new Response(file.text, {
    headers: { ...GUARDS, ...FOR_GOOD, "Content-Type": file.type },
  });
}

/** Returns a stream of events. Proxies must not buffer it (`X-Accel-Buffering`, nginx) or change it. */
export function streamAnswer(stream: ReadableStream<Uint8Array>): Response {
  return new Response(stream, {
    headers: {
      ...GUARDS,
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "private, no-store, no-transform",
      "X-Accel-Buffering": "no",
    },
  });
}

/** Returns a short answer in plain text. */
export function textAnswer(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { ...GUARDS, ...NO_STORE, "Content-Type": "text/plain; charset=utf-8" },
  });
}

/** Returns a value for the page as JSON. */
export function jsonAnswer(value: object): Response {
  return Response.json(value, { headers: { ...GUARDS, ...NO_STORE } });
}

/** Returns a problem (RFC 9457) for the page. */
export function problemAnswer(
  problem: Problem,
  headers?: Readonly<Record<string, string>>,
): Response {
  return problemResponse(problem, { ...GUARDS, ...headers });
}

/** Returns the Content-Security-Policy of the page. */
export function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}
