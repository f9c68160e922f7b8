import * as z from "zod";
import { MAX_QUERY_LENGTH } from "./artists.ts";
import { readBody } from "#app/_domain/http/body";
import { checkInput } from "#app/_domain/http/input";
import { type Input, rejectInput } from "#app/_domain/http/problem";
import { createSearch, type SearchParts } from "./search.ts";

const query = z.string().trim().max(MAX_QUERY_LENGTH);
const body = z.strictObject({ q: query.optional() });

/**
 * Returns the response to a search: `{ query, count, artists }`, and in X-Cache whether it came from
 * the cache.
 */
export async function answerSearch(request: Request, parts: SearchParts): Promise<Response> {
  const q = await readQuery(request);
  if (!q.ok) return q.rejection;
  const { artists, cache } = await createSearch(parts)(q.value);
  return Response.json(
    { query: q.value, count: artists.length, artists },
    // The rate-limit headers belong to one client, so no cache may store this response.
    { headers: { "X-Cache": cache, "Cache-Control": "no-store" } },
  );
}

/** Returns the search text: `q` of the URL or of a POST's body, trimmed; empty when neither has it. */
async function readQuery(request: Request): Promise<Input<string>> {
  const given = new Set<string>();
  for (const value of new URL(request.url).searchParams.getAll("q")) {
    const checked = checkInput(query, value, () => ({ parameter: "q" }));
    if (!checked.ok) return checked;
    given.add(checked.value);
  }
  if (request.method === "POST") {
    const sent = await readBody(request, body, { whenEmpty: {} });
    if (!sent.ok) return sent;
    if (sent.value.q !== undefined) given.add(sent.value.q);
  }
  const [q = "", ...others] = given;
  if (others.length > 0) {
    return rejectInput([
      { parameter: "q", detail: "q must be given once; it has several different values." },
    ]);
  }
  return { ok: true, value: q };
}
