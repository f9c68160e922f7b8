import { describe } from "vitest";
import type { Target } from "../../support/target.ts";
import { describeAddresses } from "./addresses.ts";
import { describeDashboard } from "./dashboard.ts";
import { describeFailures } from "./failures.ts";
import { describeIdempotency } from "./idempotency.ts";
import { describeLimits } from "./limits.ts";
import { describeRoutes } from "./routes.ts";
import { describeScenarios } from "./scenarios.ts";
import { describeSpellings } from "./spellings.ts";
import { appWorld } from "./world.ts";

/** The behaviour of the sample app on every target that it is deployed to. */
export function describeApp(target: Target): void {
  describe(`the app on ${target.name}`, () => {
    const world = appWorld(target);
    describeLimits(world);
    describeAddresses(world);
    describeSpellings(world);
    describeScenarios(world);
    describeIdempotency(world);
    describeRoutes(world);
    describeDashboard(world);
    describeFailures(world);
  });
}
