/** Makes responses of problem details (RFC 9457). */
export { type Problem, problemResponse, QUOTA_EXCEEDED, REDUCED_CAPACITY } from "./problem.ts";
export { deniedResponse } from "./denied-response.ts";
