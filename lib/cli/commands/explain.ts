import { nextConfig } from "#lib/audit/next-config";
import { fromEnv } from "#lib/env";
import { readRewrites } from "#lib/policy/rewrites";
import { loadEnvFiles } from "#lib/server/env-files";
import { packageName } from "#lib/server/package-name";
import { importPolicy } from "../check.ts";
import { explainRequest } from "../explain/explain.ts";
import { renderExplanation } from "../explain/render.ts";
import { requestMaker } from "../explain/request.ts";
import { secretFor } from "../explain/secret.ts";
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

The command prints the path as Next routes it, the rules that apply and those that nearly do, the clients
that are counted and their keys, the policy's list entry of the client, the cost of a check, and the headers
of an allowed and of a denied response.
Identities are resolved as in the app, from the given headers (--header may be repeated). For a token that
does not verify, the code of its error is printed, and never the token. The environment and its files are
read, and the policy is loaded, as in production unless --dev is given.
Keys depend on HEADGATE_SECRET. If it is not set, they are those of the app that runs in this folder. The
command prints which secret it used; for an app that headgate dev serves, give --dev.
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
    // A policy may differ in production.
    Object.assign(process.env, { NODE_ENV });
    const file = findPolicyFile(project, policy);
    await checkPolicy(file);
    loadEnvFiles(project, NODE_ENV);
    const config = await nextConfig(project);
    const rewrites = config.env?.["HEADGATE_REWRITES"];
    const secret = secretFor(project, NODE_ENV, process.env);
    const environment = fromEnv(
      { HEADGATE_APP: packageName(project), ...process.env, ...secret.variables },
      { redisVariable: "REDIS_URL" },
    );
    const explained = await explainRequest({
      policy: await importPolicy(file),
      request: requestMaker(project, written, config),
      environment,
      secret,
      rewrites: typeof rewrites === "string" ? readRewrites(rewrites) : undefined,
      ip,
    });
    console.log(json ? JSON.stringify(explained, null, 2) : renderExplanation(explained));
  },
});

/** Reads the request. A single argument is the path of a GET. */
function writtenRequest(
  first: string | undefined,
  second: string | undefined,
  raw: readonly string[],
) {
  const [method, url] = second === undefined ? ["GET", first] : [first ?? "GET", second];
  if (url === undefined) throw usageError("There is no URL to explain.", HELP);
  return { method: method.toUpperCase(), url, headers: valuesOf("header", raw) };
}
