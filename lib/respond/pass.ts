/**
 * Lets the request go on to its route: what `NextResponse.next()` answers, without the `next`
 * package, so that this runs wherever a Request does.
 */
export function passOn(): Response {
  return new Response(null, { headers: { "x-middleware-next": "1" } });
}

/**
 * The answer with headers that can be written. A redirect's or a fetched answer's cannot; then it is
 * copied, with its cookies, body and status.
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
