import type { Emit } from "#lib/core/events";
import { readUpTo } from "#lib/core/read-up-to";
import { inspectClient, resetClient } from "#lib/inspect";
import type { Problem } from "#lib/respond/problem";
import { jsonAnswer, problemAnswer } from "./answers.ts";
import { readChange } from "./change-body.ts";
import { type Changing, makeChange } from "./make-change.ts";
import type { Changed, LookedUp } from "./model.ts";
import type { DashboardParts } from "./parts.ts";
import { FAILED, FOREIGN, NO_ADMIN, problemOf } from "./problems.ts";
import { isFromOwnPage } from "./same-origin.ts";

/** The largest body of a change, in bytes. */
const MAX_BODY = 4096;

/** Handles requests of the page other than its stream. */
export class Requests {
  readonly #parts: Pick<DashboardParts, "unwatched" | "control" | "entries">;
  readonly #emit: Emit;

  constructor(parts: Pick<DashboardParts, "unwatched" | "control" | "entries">, emit: Emit) {
    this.#parts = parts;
    this.#emit = emit;
  }

  /** Returns the limits of a client, by its key. */
  async lookUp(request: Request): Promise<Response> {
    const key = new URL(request.url).searchParams.get("key") ?? "";
    return this.#answer(async (): Promise<LookedUp> => {
      const inspection = await inspectClient(this.#parts.unwatched, { key });
      return { key, inspection };
    });
  }

  /** Makes a change for an admin's page. The request must be a POST of JSON from the page's own origin. */
  async change(
    request: Request,
    adminOf: (request: Request) => Promise<string | null>,
  ): Promise<Response> {
    if (!isFromOwnPage(request)) return problemAnswer(FOREIGN);
    const by = await adminOf(request);
    if (by === null) return problemAnswer(NO_ADMIN);
    const body = await bodyOf(request);
    if (typeof body !== "string") return problemAnswer(body);
    const change = readChange(body);
    if ("problem" in change) return problemAnswer(invalid(change.problem));
    const { control, entries, unwatched } = this.#parts;
    return this.#answer(async (): Promise<Changed> => {
      const reset: Changing["reset"] = (query) => resetClient(unwatched, query);
      const freed = await makeChange({ control, reset }, change, by);
      await entries.read();
      return { control: entries.now(by), freed };
    });
  }

  async #answer(make: () => Promise<object>): Promise<Response> {
    try {
      return jsonAnswer(await make());
    } catch (error) {
      const problem = problemOf(error);
      if (problem) return problemAnswer(problem);
      this.#emit({ kind: "failure", during: "app", name: "dashboard", error });
      return problemAnswer(FAILED);
    }
  }
}

/** Returns the body of a change as text, or what is wrong with it. */
async function bodyOf({ headers, body }: Request): Promise<string | Problem> {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return { status: 415, title: "The body is not JSON", detail: "It must be application/json." };
  }
  if (!body) return invalid("The body must be a JSON object.");
  const bytes = await readUpTo(body, MAX_BODY).catch(() => null);
  if (bytes === null) return invalid("The body is incomplete.");
  if (bytes) return new TextDecoder().decode(bytes);
  return {
    status: 413,
    title: "The body is too large",
    detail: `It must have at most ${MAX_BODY} bytes.`,
  };
}

function invalid(detail: string): Problem {
  return { status: 400, title: "This cannot be set", detail };
}
