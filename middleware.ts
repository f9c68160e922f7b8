import { gate } from "#app/_domain/gate";

export default gate.middleware;

// Next reads this from the source, so it is a literal. It leaves out static files alone: a path that
// is left out here is a way around every rule.
export const config = {
  matcher: ["/((?!_next/static/|favicon\\.ico$).*)"],
};
