import type { Case } from "./case.ts";
import { runCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

/** The oldest versions that docs/start/new-app.md promises. */
const OLDEST = ["ioredis@5.4.0", "@upstash/redis@1.34.0", "@upstash/ratelimit@2.0.0"];

/** A program that counts by REST, through Upstash's class and over TCP, and stores a value with each client. */
const PROGRAM = `import { deepEqual } from "node:assert/strict";
import { createHeadgate, definePolicy, fromEnv } from "headgate";
import { startGateway } from "headgate/gateway";
import { redisOf } from "headgate/redis";
import { connectTcp } from "headgate/tcp";
import { upstashLimits } from "headgate/upstash";

const { REDIS_OF_TEST: redisUrl } = process.env;
const policy = definePolicy({ rules: { work: { limits: { global: "2 per minute" } } } });
const gateway = await startGateway({ redisUrl, token: "a-token-of-the-tests" });
const ways = {
  rest: {},
  upstash: { limitStore: upstashLimits },
  tcp: { connect: (about) => connectTcp({ redisUrl, ...about }).requester },
};
for (const [name, way] of Object.entries(ways)) {
  const env = {
    UPSTASH_REDIS_REST_URL: gateway.url,
    UPSTASH_REDIS_REST_TOKEN: gateway.token,
    HEADGATE_NAMESPACE: "older-" + name,
    CLIENT_IP_FROM: "hops:1",
  };
  const gate = createHeadgate(policy, () => ({ ...fromEnv(env), ...way }));
  const allowed = [];
  for (let i = 0; i < 3; i += 1) allowed.push((await gate.limits.limit("work", {})).allowed);
  deepEqual([name, ...allowed], [name, true, true, false]);
  const redis = redisOf(gate);
  await redis.set("older:" + name, { kept: [1] }, { ex: 60 });
  deepEqual(await redis.get("older:" + name), { kept: [1] });
}
process.exit(0);
`;

/** An app that already has older versions of the optional packages. */
export const olderCase: Case = {
  name: "older",
  what: `an app that has ${OLDEST.join(", ")}`,
  async run(world: World) {
    const folder = world.newFolder("older");
    write(folder, { "package.json": '{ "private": true, "type": "module" }\n', "try.js": PROGRAM });
    await runCommand(folder, "npm", ["install", "--no-audit", "--no-fund", ...OLDEST]);
    await runCommand(folder, "npm", ["install", "--no-audit", "--no-fund", world.tarball]);
    const { redis } = await world.store();
    await runCommand(folder, "node", ["try.js"], { REDIS_OF_TEST: redis.url });
    return "is installed, and counts by REST, Upstash's class and TCP";
  },
};
