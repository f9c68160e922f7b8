import * as z from "zod";
import { checkInput } from "#app/_domain/http/input";
import { json } from "#app/_domain/http/respond";
import { createCounters } from "./counters.ts";
import { event } from "./track.ts";

/** A URL's query, each name with all its values. */
const query = z.strictObject({
  artistId: z.tuple([event.shape.artistId], "It must be given, and once."),
});

/**
 * Answers what was counted today (UTC) of an artist's events: `{ artistId, counts: { type: n } }`.
 *
 * @throws {StoreError}
 */
export async function answerCounts(
  request: Request,
  parts: Parameters<typeof createCounters>[0],
): Promise<Response> {
  const asked = checkInput(query, namesAndValues(request.url), ([name]) =>
    typeof name === "string" ? { parameter: name } : {},
  );
  if (!asked.ok) return asked.refusal;
  const [artistId] = asked.value.artistId;
  return json({ artistId, counts: await createCounters(parts).today(artistId) });
}

function namesAndValues(url: string): Readonly<Record<string, string[]>> {
  const { searchParams } = new URL(url);
  return Object.fromEntries(
    [...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]),
  );
}
