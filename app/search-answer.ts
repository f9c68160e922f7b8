import type { Artist } from "#app/_domain/artists";
import { type LimitStatus, readLimits, readRetryAfter } from "#app/_domain/limit-status";

/** What came back from one search. */
export interface Answer {
  /** Names the answer, so that a countdown begins anew with each. */
  readonly id: number;
  /** 0 where none came. */
  readonly status: number;
  readonly title: string;
  readonly limits: readonly LimitStatus[];
  /** Seconds. */
  readonly retryAfter: number | undefined;
  readonly cache: string | undefined;
  readonly artists: readonly Artist[];
}

/** What our own routes answer: artists, or a problem (RFC 9457). */
interface Body {
  readonly title?: string;
  readonly count?: number;
  readonly artists?: readonly Artist[];
}

let answers = 0;

/** Asks for artists; every failure is an answer too, so that the page can tell of it. */
export async function postSearch(q: string): Promise<Answer> {
  answers += 1;
  const id = answers;
  try {
    const response = await fetch("/api/search", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ q }),
    });
    return { id, ...readAnswer(response, await readBody(response)) };
  } catch {
    const title = "The app cannot be reached.";
    return {
      id,
      title,
      status: 0,
      limits: [],
      retryAfter: undefined,
      cache: undefined,
      artists: [],
    };
  }
}

function readAnswer(response: Response, body: Body): Omit<Answer, "id"> {
  const { status, headers } = response;
  const artists = body.artists ?? [];
  return {
    status,
    title: body.title ?? (response.ok ? found(artists.length) : "No answer that can be read."),
    limits: readLimits(headers),
    retryAfter: readRetryAfter(headers),
    cache: headers.get("X-Cache") ?? undefined,
    artists,
  };
}

/** An answer that is no JSON came from something in between; its status says enough. */
async function readBody(response: Response): Promise<Body> {
  try {
    const body: Body = await response.json();
    return body;
  } catch {
    return {};
  }
}

function found(count: number): string {
  return count === 1 ? "1 artist" : `${count} artists`;
}
