/** A gate that needs packages that the app installs itself. */
export interface StoreVariant {
  /** The name in the case's name and the table. */
  readonly name: "upstash" | "tcp";
  readonly packages: readonly string[];
  /** The app's gate.ts. */
  readonly gate: string;
}

const UPSTASH = `import { createHeadgate, fromEnv } from "headgate";
import { redisOf } from "headgate/redis";
import { upstashLimits } from "headgate/upstash";
import policy from "./config/rate-limits";

export const gate = createHeadgate(policy, () => ({ ...fromEnv(), limitStore: upstashLimits }));
export const redis = redisOf(gate);
`;

const TCP = `import { createHeadgate, fromEnv } from "headgate";
import type { BreakerSettings } from "headgate/redis";
import { connectTcp } from "headgate/tcp";
import policy from "./config/rate-limits";

const redisUrl = process.env["REDIS_OF_TEST"] ?? "";
const connect = (about: BreakerSettings) => connectTcp({ redisUrl, ...about }).requester;

export const gate = createHeadgate(policy, () => ({ ...fromEnv(), connect }));
`;

export const upstash: StoreVariant = {
  name: "upstash",
  packages: ["@upstash/redis@^1.39.0", "@upstash/ratelimit@^2.2.0"],
  gate: UPSTASH,
};

export const tcp: StoreVariant = { name: "tcp", packages: ["ioredis@^6.0.0"], gate: TCP };
