import { sign } from "./sign.ts";

/** A route of the sample that accepts a POST: its callers and its input. */
export interface PostRouteCase {
  readonly path: string;
  readonly caller: "anyone" | "user" | "admin";
  /** A valid body, and the status of its response on an empty store. */
  readonly good: object;
  readonly status: number;
  /** Bodies that are rejected with 400. */
  readonly bad: readonly object[];
}

const EMPTY = { good: {}, bad: [{ unknown: 1 }, [], { good: true }] };
const ANSWERED = 200;

/** Every route of the requirements that accepts only POST, so without search, which also accepts GET. */
export const POST_ROUTES: readonly PostRouteCase[] = [
  {
    path: "/api/analytics/track",
    caller: "anyone",
    good: { type: "profile_view", artistId: "artist-1", sessionId: "test-123" },
    status: ANSWERED,
    bad: [
      {},
      { type: "profile_view", artistId: "artist-1" },
      { type: 1, artistId: "artist-1", sessionId: "s" },
      { type: "profile_view", artistId: "artist-1", sessionId: "s", unknown: 1 },
    ],
  },
  {
    path: "/api/add-artist/recommend",
    caller: "anyone",
    good: { name: "New Artist" },
    status: ANSWERED,
    bad: [{}, { name: 1 }, { name: "Artist", unknown: 1 }],
  },
  {
    path: "/api/dashboard/profile/update",
    caller: "user",
    good: { city: "Lisbon" },
    status: ANSWERED,
    bad: [{}, { city: 1 }, { city: "Lisbon", unknown: 1 }],
  },
  { path: "/api/dashboard/profile/delete", caller: "user", ...EMPTY, status: ANSWERED },
  {
    path: "/api/onboarding/update-session",
    caller: "user",
    good: { displayName: "Ada", city: "London", styles: ["blackwork"] },
    status: ANSWERED,
    bad: [{}, { styles: "blackwork" }, { city: "London", unknown: 1 }],
  },
  { path: "/api/dashboard/portfolio/fetch-instagram", caller: "user", ...EMPTY, status: ANSWERED },
  { path: "/api/onboarding/fetch-instagram", caller: "user", ...EMPTY, status: ANSWERED },
  { path: "/api/dashboard/sync/trigger", caller: "user", ...EMPTY, status: ANSWERED },
  { path: "/api/onboarding/finalize", caller: "user", ...EMPTY, status: 404 },
  {
    path: "/api/admin/pipeline/trigger",
    caller: "admin",
    good: { kind: "search-cache" },
    status: 202,
    bad: [{}, { kind: 1 }, { kind: "search-cache", unknown: 1 }],
  },
  {
    path: "/api/admin/pipeline/retry",
    caller: "admin",
    good: { jobId: "0b1e6c1e-7d4c-4a55-9b0f-0a1a2b3c4d5e" },
    status: 404,
    bad: [{}, { jobId: 1 }, { jobId: "0b1e6c1e-7d4c-4a55-9b0f-0a1a2b3c4d5e", unknown: 1 }],
  },
];

/** Returns the headers of a JSON request by an authorized caller, who is counted as a separate client. */
export async function headersFor({ caller }: Pick<PostRouteCase, "caller">, sub: string) {
  const token = await sign({ sub, ...(caller === "admin" && { role: "admin" }) });
  return {
    "content-type": "application/json",
    ...(caller !== "anyone" && { authorization: `Bearer ${token}` }),
  };
}
