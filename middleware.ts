import { gateOptions } from "#app/_domain/options";
import policy from "#config/rate-limits";
import { headgate } from "headgate";

export default headgate(policy, gateOptions());

// Next reads this from the source, so it is a literal. It leaves out static files alone: a path that
// is left out here is a way around every rule.
export const config = {
  matcher: ["/((?!_next/static/|favicon\\.ico$).*)"],
};
