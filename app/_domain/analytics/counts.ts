import * as z from "zod";
import { checkInput } from "#app/_domain/http/input";
import { json } from "#app/_domain/http/respond";
import { createCounters } from "./counters.ts";
import { event } from "./track.ts";

/** The query of the URL: each name with all its values. */
const query = z.strictObject({
  artistId: z.tuple([event.shape.artistId], "It must be given exactly once."),
});

/**
 * Returns today's counts (UTC) of an artist's events: `{ artistId, counts: { type: n } }`.
 *
 * @throws {StoreError}
 */
export async function answerCounts(
  request: Request,
  parts: Parameters<typeof createCounters>[0],
): Promise<Response> {
  const checked = checkInput(query, namesAndValues(request.url), ([name]) =>
    typeof name === "string" ? { parameter: name } : {},
  );
  if (!checked.ok) return checked.rejection;
  const [artistId] = checked.value.artistId;
  return json({ artistId, counts: await createCounters(parts).today(artistId) });
}

function namesAndValues(url: string): Readonly<Record<string, string[]>> {
  const { searchParams } = new URL(url);
  return Object.fromEntries(
    [...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]),
  );
}
