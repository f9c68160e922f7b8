/** The placeholder in a sample's body for a value that must differ for each request. */
export const FRESH = "{fresh}";

/** A request that a route of the app accepts. */
export interface Sample {
  readonly method: string;
  /** The URL's query, with its question mark. */
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: object;
  /**
   * The role of the user who must be signed in, so that the answer is not 401 or 403; absent when every
   * client is accepted.
   */
  readonly needs?: "user" | "admin";
  /** A note for people who send the request. */
  readonly note?: string;
}

/** A request for each route, by its path. A rule whose paths are not listed gets a GET request. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  "/api/search": { method: "POST", body: { q: "origami" } },
  "/api/add-artist/recommend": { method: "POST", body: { name: `Artist ${FRESH}` } },
  "/api/dashboard/profile/update": {
    method: "POST",
    body: { city: "Lisbon" },
    needs: "user",
  },
  "/api/dashboard/profile/delete": {
    method: "POST",
    body: {},
    needs: "user",
    note: "Deletes the user’s profile.",
  },
  "/api/dashboard/portfolio/fetch-instagram": { method: "POST", body: {}, needs: "user" },
  "/api/onboarding/fetch-instagram": { method: "POST", body: {}, needs: "user" },
  "/api/dashboard/sync/trigger": { method: "POST", body: {}, needs: "user" },
  "/api/onboarding/update-session": {
    method: "POST",
    body: { displayName: "Ada", city: "Rome", styles: ["dotwork"] },
    needs: "user",
    note: "Stores a step of the onboarding for 24 hours.",
  },
  "/api/onboarding/finalize": {
    method: "POST",
    body: {},
    needs: "user",
    note: "Makes a profile of the user’s onboarding; 404 when no onboarding was started.",
  },
  "/api/admin/pipeline/trigger": {
    method: "POST",
    body: { kind: "search-cache" },
    needs: "admin",
    note: "Starts a job that caches a search for every artist; 409 while such a job runs.",
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
    note: "Each request has a new session.",
  },
  "/api/analytics/counts": { method: "GET", query: "?artistId=artist-001" },
  "/login": {
    method: "POST",
    note: "The page accepts only its form, so the answer is 405.",
  },
  "/dashboard": { method: "GET", note: "For admins. Without a session the answer is 404." },
  "/dashboard/sign-in/session": {
    method: "POST",
    note: "The sign-in page sends a form with a token. Without one the answer is 400.",
  },
  "/sample/sign-in": {
    method: "POST",
    note: "Without a role the answer is 400; 404 when the app offers no sample sign-in.",
  },
  "/api/login": {
    method: "POST",
    body: { account: "somebody", password: "not the password" },
    note: "A wrong password gets 403. The sixth attempt for one account gets 429 from the rule login.",
  },
  "/api/health": { method: "GET" },
  "/api/health/redis": { method: "GET" },
  "/api/metrics": {
    method: "GET",
    note: "404 when METRICS_TOKEN is not set; otherwise 401 without that token.",
  },
};
