import { nextConfig } from "#lib/audit/next-config";
import { fromEnv } from "#lib/env";
import { readRewrites } from "#lib/policy/rewrites";
import { loadEnvFiles } from "#lib/server/env-files";
import { packageName } from "#lib/server/package-name";
import { importPolicy } from "../check.ts";
import { explainRequest } from "../explain/explain.ts";
import { renderExplanation } from "../explain/render.ts";
import { requestMaker } from "../explain/request.ts";
import { checkPolicy, findPolicyFile } from "../policy-file.ts";
import { defineProgram, usageError } from "../program.ts";
import { valuesOf } from "../repeated.ts";

const HELP = `Explains what the gate does with a request, without a store and without sending it.

  npx headgate explain /api/search                       a GET
  npx headgate explain POST /api/search --ip 203.0.113.7
  npx headgate explain POST https://example.com/api/search --header "authorization: Bearer ..."
  npx headgate explain /api/search --dev                 as in development
  npx headgate explain GET /api/search --policy other.ts
  npx headgate explain GET /api/search --json            the same for programs

It prints the path as Next routes it, which rules apply and which nearly do, who is counted and by which
keys, what a list of the policy says of the client, what a check costs, and the headers that a client gets
while it is allowed and once it is denied.
Identities are resolved as in the app, from the headers that are given (--header may be repeated). The
environment and its files are read, and the policy is loaded, as in production unless --dev is given.
`;

export default defineProgram({
  name: "headgate explain",
  help: HELP,
  args: {
    method: { type: "positional", required: false },
    url: { type: "positional", required: false },
    ip: { type: "string" },
    header: { type: "string" },
    policy: { type: "string" },
    dev: { type: "boolean" },
    json: { type: "boolean" },
  },
  async run({ method, url, ip, policy, dev, json }, rawArgs) {
    const written = writtenRequest(method, url, rawArgs);
    const project = process.cwd();
    const NODE_ENV = dev ? "development" : "production";
    // A policy may say other things in production.
    Object.assign(process.env, { NODE_ENV });
    const file = findPolicyFile(project, policy);
    await checkPolicy(file);
    loadEnvFiles(project, NODE_ENV);
    const config = await nextConfig(project);
    const rewrites = config.env?.["HEADGATE_REWRITES"];
    const explained = await explainRequest({
      policy: await importPolicy(file),
      request: requestMaker(project, written, config),
      environment: fromEnv({ HEADGATE_APP: packageName(project), ...process.env }),
      rewrites: typeof rewrites === "string" ? readRewrites(rewrites) : undefined,
      ip,
    });
    console.log(json ? JSON.stringify(explained, null, 2) : renderExplanation(explained));
  },
});

/** A word alone is the path of a GET. */
function writtenRequest(
  first: string | undefined,
  second: string | undefined,
  raw: readonly string[],
) {
  const [method, url] = second === undefined ? ["GET", first] : [first ?? "GET", second];
  if (url === undefined) throw usageError("There is no URL to explain.", HELP);
  return { method: method.toUpperCase(), url, headers: valuesOf("header", raw) };
}
