import type { RunningApp } from "../support/app.ts";

const MOST_CLIENTS = 40;
/** A new client joins after this many requests, so that even a slow soak takes one over its limits. */
const REQUESTS_A_CLIENT = 90;

interface Sent {
  readonly client: string;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** The requests of a soak, and the responses that they got. */
interface Got {
  requests: number;
  /** How often each answer came, such as "search 429". */
  readonly answers: Record<string, number>;
  /** Responses of 500 or more that no rule and no handler's store call causes, and requests without one. */
  wrong: number;
  /** Searches that the store allowed. */
  readonly searches: Sent[];
  /** How many fetches of each client were allowed. */
  readonly fetches: Map<string, number>;
}

/** Makes the sender of random requests to these instances in turn, and the record of what they got. */
export function createSender(apps: readonly RunningApp[]) {
  const got: Got = { requests: 0, answers: {}, wrong: 0, searches: [], fetches: new Map() };

  async function ask(round: number): Promise<void> {
    const app = apps[round % apps.length];
    const clients = Math.min(MOST_CLIENTS, Math.ceil((round + 1) / REQUESTS_A_CLIENT));
    const client = `198.51.100.${Math.floor(Math.random() * clients)}`;
    const kind = KINDS[Math.floor(Math.random() * KINDS.length)] ?? KINDS[0];
    const sentAt = performance.now();
    got.requests += 1;
    const answer = await fetch(`${app?.url}${kind.path}`, {
      method: kind.method,
      headers: { "x-forwarded-for": client, "content-type": "application/json" },
      ...(kind.body && { body: kind.body(round) }),
    });
    await answer.arrayBuffer();
    note(kind, answer, { client, sentAt, answeredAt: performance.now() });
  }

  function note(kind: Kind, { status, headers }: Response, sent: Sent): void {
    const { answers, searches, fetches } = got;
    answers[`${kind.name} ${status}`] = (answers[`${kind.name} ${status}`] ?? 0) + 1;
    if (status >= 500 && !kind.mayFail) got.wrong += 1;
    if (status === 429 || status >= 500) return;
    if (kind.name === "search" && headers.has("ratelimit")) searches.push(sent);
    if (kind.name === "fetch") fetches.set(sent.client, (fetches.get(sent.client) ?? 0) + 1);
  }

  return { got, send: (round: number) => ask(round).catch(() => void (got.wrong += 1)) };
}

interface Kind {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: (round: number) => string;
  /** A handler that must report that nothing was recorded answers 503. */
  readonly mayFail?: boolean;
}

const KINDS: readonly [Kind, ...Kind[]] = [
  { name: "search", method: "GET", path: "/api/search?q=ink" },
  { name: "search", method: "GET", path: "/api/search?q=fine" },
  { name: "fetch", method: "POST", path: "/api/onboarding/fetch-instagram" },
  {
    name: "track",
    method: "POST",
    path: "/api/analytics/track",
    body: (round) =>
      JSON.stringify({ type: "profile_view", artistId: "artist-001", sessionId: `s-${round}` }),
    mayFail: true,
  },
  { name: "page", method: "GET", path: "/" },
  { name: "health", method: "GET", path: "/api/health" },
];

/** Returns the most requests of one client that were sent and answered within so many milliseconds. */
export function mostWithin(windowMs: number, searches: readonly Sent[]): number {
  const counts = searches.map(
    ({ client, sentAt }) =>
      searches.filter(
        (other) =>
          other.client === client && other.sentAt >= sentAt && other.answeredAt < sentAt + windowMs,
      ).length,
  );
  return Math.max(0, ...counts);
}
