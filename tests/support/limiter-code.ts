import { compilePolicy } from "#lib/policy/check/compile";
import { policyLoader, translated } from "./upstash-app.ts";

/** Returns a function that returns the rules that are written for an app, as data, for the tests of a file. */
export function ruleWriter() {
  const load = policyLoader();
  return async (files: Readonly<Record<string, string>>) => {
    const { policy } = translated(files);
    const loaded = await load(policy);
    // The gate accepts the policy.
    compilePolicy(loaded);
    return loaded.rules as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

/** The beginning of a file with a limiter. */
export const HEAD = `import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
const redis = Redis.fromEnv();
`;
export const ROUTE = "app/api/notes/route.ts";
/** Returns an app whose only route has a limiter and calls it. */
export const route = (limiter: string, call: string) => ({
  [ROUTE]: `${HEAD}${limiter}
export async function POST(req: Request) {
  ${call}
  return Response.json({ done: true });
}
`,
});
export const BY_USER = "const { success } = await limiter.limit(userId);";
/** Returns the code of a limiter of ten requests in ten seconds. */
export const ten = (more = "") =>
  `new Ratelimit({ redis, limiter: Ratelimit.slidingWindow(10, "10 s"), ${more} })`;
