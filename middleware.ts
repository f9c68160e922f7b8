import { gate } from "#app/_domain/gate";

export default gate.middleware;

// Next reads the matcher from the source, so it must be a literal. It excludes only static files: every
// excluded path would be a way around all rules.
export const config = {
  matcher: ["/((?!_next/static/|favicon\\.ico$).*)"],
};
