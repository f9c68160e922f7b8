import { expect, test } from "vitest";
import { FETCHES_AN_HOUR, INSTANCES, SEARCHES_A_MINUTE, soak } from "./soak.ts";

const SECONDS = 20;

// On a loaded machine it takes a minute until a limit rejects.
const SOAK = { timeout: 300_000 };

test(
  "two instances serve while Redis is killed and stopped, and allow no more than the bound",
  SOAK,
  async ({ signal }) => {
    const soaked = await soak({ seconds: SECONDS, rate: 30, say: () => {}, signal });
    expect(soaked).toMatchObject({ wrong: 0, broken: [] });
    expect(soaked.kills + soaked.stops).toBeGreaterThan(1);
    expect(soaked.requests).toBeGreaterThan(100);
    expect(soaked.answers["search 429"]).toBeGreaterThan(0);
    expect(soaked.admitted).toBeLessThanOrEqual(SEARCHES_A_MINUTE);
    expect(soaked.admittedLocally).toBeLessThanOrEqual(FETCHES_AN_HOUR * (1 + INSTANCES));
  },
);
