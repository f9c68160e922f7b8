/** What a sample's body holds where every request needs a value of its own. */
export const FRESH = "{fresh}";

/** A request that a route of the app takes. */
export interface Sample {
  readonly method: string;
  /** The URL's query, with its question mark. */
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** What a person should know before sending it. */
  readonly note?: string;
}

const SIGNED_IN = "For those who are signed in.";

/** A request for each route, by its path. A rule whose paths are not here is sent a plain GET. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  "/api/search": { method: "POST", body: { q: "origami" } },
  "/api/add-artist/recommend": { method: "POST", body: { name: `Somebody ${FRESH}` } },
  "/api/dashboard/profile/update": {
    method: "POST",
    body: { city: "Lisbon" },
    note: SIGNED_IN,
  },
  "/api/dashboard/profile/delete": {
    method: "POST",
    body: {},
    note: `${SIGNED_IN} Deletes the profile of that user.`,
  },
  "/api/dashboard/portfolio/fetch-instagram": { method: "POST", body: {}, note: SIGNED_IN },
  "/api/onboarding/fetch-instagram": { method: "POST", body: {}, note: SIGNED_IN },
  "/api/dashboard/sync/trigger": { method: "POST", body: {}, note: SIGNED_IN },
  "/api/onboarding/update-session": {
    method: "POST",
    body: { displayName: "Ada", city: "London", styles: ["blackwork"] },
    note: `${SIGNED_IN} Keeps a step of the onboarding for 24 hours.`,
  },
  "/api/onboarding/finalize": {
    method: "POST",
    body: {},
    note: `${SIGNED_IN} Makes the onboarding that user’s profile; 404 where none was begun.`,
  },
  "/api/admin/pipeline/trigger": {
    method: "POST",
    body: { kind: "search-cache" },
    note: "For admins. Starts a job that keeps a search for every artist; 409 while one runs.",
  },
  "/api/admin/pipeline/retry": {
    method: "POST",
    body: { jobId: "00000000-0000-4000-8000-000000000000" },
    note: "For admins. Names a job that does not exist, so the answer is 404.",
  },
  "/api/analytics/track": {
    method: "POST",
    body: { type: "profile_view", artistId: "artist-001", sessionId: FRESH },
    note: "Each is a session of its own, and counts.",
  },
  "/api/analytics/counts": { method: "GET", query: "?artistId=artist-001" },
  "/login": {
    method: "POST",
    note: "The sign-in page accepts its own form alone, so the answer to this is 405.",
  },
  "/api/login": {
    method: "POST",
    body: { account: "somebody", password: "not the password" },
    note: "A wrong password: 403. The sixth for one account is the rule login’s own 429.",
  },
  "/api/health": { method: "GET" },
  "/api/health/redis": { method: "GET" },
  "/api/metrics": {
    method: "GET",
    note: "404 unless METRICS_TOKEN is set, and then 401 without it.",
  },
};
