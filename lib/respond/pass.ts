/**
 * Returns the response of `NextResponse.next()`, with which the request goes on to its route. It needs no
 * `next` package, and runs in every runtime that has Request.
 */
export function passOn(): Response {
  return new Response(null, { headers: { "x-middleware-next": "1" } });
}

/**
 * Returns a response with writable headers. Those of a redirect or of a fetched response are immutable; such a
 * response is copied, with its cookies, body and status.
 */
export function writable(answer: Response): Response {
  try {
    answer.headers.delete("x-headgate-probe");
    return answer;
  } catch {
    return new Response(answer.body, {
      status: answer.status,
      statusText: answer.statusText,
      headers: new Headers(answer.headers),
    });
  }
}
