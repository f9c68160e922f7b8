// `npm run build`: checks the policy, then builds unless nothing changed since the last build.
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { buildOnce } from "#lib/server/build";
import { checkPolicyFile, renderCheck } from "#lib/cli/check";
import { exitWhenTold } from "#lib/server/drain";

const root = join(import.meta.dirname, "..", "..");

exitWhenTold();
try {
  const policy = await checkPolicyFile(join(root, "config", "rate-limits.ts"));
  if (!policy.ok) throw new HeadgateError("POLICY_INVALID", renderCheck(policy));
  console.log(renderCheck(policy));
  const built = await buildOnce(root, (line) => console.log(line));
  console.log(built ? "built" : "nothing changed since the last build");
} catch (error) {
  console.error(error instanceof HeadgateError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
