import * as z from "zod";
import { readUpTo } from "headgate";
import { InstagramError } from "./errors.ts";

export interface InstagramOptions {
  /** @default the address of Instagram's API */
  readonly url: string;
  /**
   * How long a call may take, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
  /** @default globalThis.fetch */
  readonly fetch?: typeof fetch;
}

const medium = z.object({
  id: z.string().max(64),
  caption: z.string().max(10_000).optional(),
  media_type: z.string().max(32),
  media_url: z.url({ protocol: /^https?$/ }).optional(),
  permalink: z.url({ protocol: /^https?$/ }),
  timestamp: z.string().max(64),
});

/** One post, as Instagram names its fields. */
export type Medium = z.infer<typeof medium>;
export const media = z.array(medium).max(100);

const mediaAnswer = z.object({ data: media });

const DAY = 24 * 3600;
const refreshAnswer = z.object({
  access_token: z.string().regex(/^\S{1,1024}$/),
  expires_in: z
    .number()
    .min(60)
    .max(366 * DAY),
});

const errorAnswer = z.object({ error: z.object({ code: z.number().optional() }) });

/** Error codes of the Graph API: a token that Instagram no longer accepts, and calls beyond its limits. */
const EXPIRED = 190;
const LIMITED: ReadonlySet<number> = new Set([4, 17, 32, 613]);

const MAX_ANSWER_BYTES = 1024 * 1024;
const FIELDS = "id,caption,media_type,media_url,permalink,timestamp";

/** The calls of Instagram's API that the app uses. Every failure is an {@link InstagramError}. */
export type Instagram = ReturnType<typeof createInstagram>;

/**
 * Makes the client of "Instagram API with Instagram Login". Each call is sent once, follows no redirect
 * and has a deadline.
 */
export function createInstagram({ url, timeoutMs = 5000, fetch: send = fetch }: InstagramOptions) {
  async function call<T>(path: string, query: Record<string, string>, schema: z.ZodType<T>) {
    const target = new URL(path, url.endsWith("/") ? url : `${url}/`);
    for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    try {
      const response = await send(target, {
        redirect: "manual",
        cache: "no-store",
        signal: abort.signal,
      });
      return readAnswer(schema, response, await textOf(response));
    } catch (error) {
      if (error instanceof InstagramError) throw error;
      // The error's message and cause may contain the address, and with it the token.
      throw abort.signal.aborted
        ? new InstagramError("INSTAGRAM_TIMEOUT", `${path}: no answer within ${timeoutMs} ms.`)
        : new InstagramError("INSTAGRAM_UNREACHABLE", `${path}: no connection, or it broke off.`);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    /** Returns the newest posts of the token's account. */
    async media(token: string): Promise<Medium[]> {
      const query = { fields: FIELDS, limit: "50", access_token: token };
      return (await call("me/media", query, mediaAnswer)).data;
    },
    /** Returns a new long-lived token for one that has not expired, and its lifetime in seconds. */
    async refresh(token: string): Promise<{ token: string; seconds: number }> {
      const query = { grant_type: "ig_refresh_token", access_token: token };
      const answer = await call("refresh_access_token", query, refreshAnswer);
      return { token: answer.access_token, seconds: answer.expires_in };
    },
  };
}

async function textOf(response: Response): Promise<string> {
  if (!response.body) return "";
  const bytes = await readUpTo(response.body, MAX_ANSWER_BYTES);
  if (bytes) return new TextDecoder().decode(bytes);
  throw new InstagramError("INSTAGRAM_BAD_ANSWER", "An answer was larger than 1 MB.");
}

function readAnswer<T>(schema: z.ZodType<T>, response: Response, text: string): T {
  const json = parse(text);
  if (!response.ok) throw failureOf(response, json);
  const answer = schema.safeParse(json);
  if (answer.success) return answer.data;
  throw new InstagramError("INSTAGRAM_BAD_ANSWER", "An answer does not have the expected form.");
}

function failureOf({ status, headers }: Response, json: unknown): InstagramError {
  const found = errorAnswer.safeParse(json);
  const code = found.success ? found.data.error.code : undefined;
  const message = `Instagram answered ${status}${code === undefined ? "" : `, code ${code}`}.`;
  if (code === EXPIRED) return new InstagramError("INSTAGRAM_TOKEN_EXPIRED", message);
  if (status === 429 || (code !== undefined && LIMITED.has(code))) {
    const wait = headers.get("retry-after") ?? "";
    const seconds = /^\d{1,5}$/.test(wait) ? Number(wait) : undefined;
    return new InstagramError("INSTAGRAM_RATE_LIMITED", message, seconds);
  }
  // A redirect would send the token to another address, so it counts as a bad answer.
  return new InstagramError(status < 400 ? "INSTAGRAM_BAD_ANSWER" : "INSTAGRAM_FAILED", message);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
