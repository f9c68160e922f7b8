/**
 * Returns the response that Next makes when `redirect()`, `notFound()`, `forbidden()` or
 * `unauthorized()` throws; undefined for other errors. For the client it is a response like any other.
 * Next marks these errors by `digest`: "NEXT_REDIRECT;replace;/there;307;" and
 * "NEXT_HTTP_ERROR_FALLBACK;404".
 */
export function answerThrown(thrown: unknown): Response | undefined {
  if (typeof thrown !== "object" || thrown === null || !("digest" in thrown)) return undefined;
  const [mark, ...rest] = String(thrown.digest).split(";");
  if (mark === "NEXT_HTTP_ERROR_FALLBACK") return answer(Number(rest[0]));
  if (mark !== "NEXT_REDIRECT") return undefined;
  // The address itself may hold semicolons.
  return answer(Number(rest.at(-2)), { location: rest.slice(1, -2).join(";") });
}

function answer(status: number, headers: HeadersInit = {}): Response | undefined {
  const isOne = Number.isInteger(status) && status >= 300 && status < 500;
  return isOne ? new Response(null, { status, headers }) : undefined;
}
