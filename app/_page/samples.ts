/** What a sample's body holds where every request needs a value of its own. */
export const FRESH = "{fresh}";

/** A request that a route of the app takes. */
export interface Sample {
  readonly method: string;
  /** The URL's query, with its question mark. */
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** Who must be signed in for another answer than 401 or 403; every client will do where absent. */
  readonly needs?: "user" | "admin";
  /** What a person should know before sending it. */
  readonly note?: string;
}

/** A request for each route, by its path. A rule whose paths are not here is sent a plain GET. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  "/api/search": { method: "POST", body: { q: "origami" } },
  "/api/add-artist/recommend": { method: "POST", body: { name: `Somebody ${FRESH}` } },
  "/api/dashboard/profile/update": {
    method: "POST",
    body: { city: "Lisbon" },
    needs: "user",
  },
  "/api/dashboard/profile/delete": {
    method: "POST",
    body: {},
    needs: "user",
    note: "Deletes the profile of that user.",
  },
  "/api/dashboard/portfolio/fetch-instagram": { method: "POST", body: {}, needs: "user" },
  "/api/onboarding/fetch-instagram": { method: "POST", body: {}, needs: "user" },
  "/api/dashboard/sync/trigger": { method: "POST", body: {}, needs: "user" },
  "/api/onboarding/update-session": {
    method: "POST",
    body: { displayName: "Ada", city: "Rome", styles: ["dotwork"] },
    needs: "user",
    note: "Keeps a step of the onboarding for 24 hours.",
  },
  "/api/onboarding/finalize": {
    method: "POST",
    body: {},
    needs: "user",
    note: "Makes the onboarding that user’s profile; 404 where no onboarding was begun.",
  },
  "/api/admin/pipeline/trigger": {
    method: "POST",
    body: { kind: "search-cache" },
    needs: "admin",
    note: "Starts a job that keeps a search for every artist; 409 while one runs.",
  },
  "/api/admin/pipeline/retry": {
    method: "POST",
    body: { jobId: "00000000-0000-4000-8000-000000000000" },
    needs: "admin",
    note: "Names a job that does not exist, so the answer is 404.",
  },
  "/api/analytics/track": {
    method: "POST",
    body: { type: "profile_view", artistId: "artist-001", sessionId: FRESH },
    note: "Each request is a new session.",
  },
  "/api/analytics/counts": { method: "GET", query: "?artistId=artist-001" },
  "/login": {
    method: "POST",
    note: "The page accepts only its own form, so the answer is 405.",
  },
  "/dashboard": { method: "GET", note: "For admins. Without a session the answer is 404." },
  "/dashboard/sign-in/session": {
    method: "POST",
    note: "The sign-in page sends a form with a token. Without one the answer is 400.",
  },
  "/sample/sign-in": {
    method: "POST",
    note: "Without a role the answer is 400; 404 where no sample sign-in is offered.",
  },
  "/api/login": {
    method: "POST",
    body: { account: "somebody", password: "not the password" },
    note: "A wrong password: 403. The sixth attempt for one account is a 429 of the rule login.",
  },
  "/api/health": { method: "GET" },
  "/api/health/redis": { method: "GET" },
  "/api/metrics": {
    method: "GET",
    note: "404 unless METRICS_TOKEN is set, and then 401 without it.",
  },
};
