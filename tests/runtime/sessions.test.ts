import { join } from "node:path";
import { EdgeVM } from "@edge-runtime/vm";
import { beforeAll, describe, expect, test } from "vitest";
import { createHandler, type Options } from "../fixtures/runtime/sessions.ts";
import { ROOT } from "../support/app.ts";
import { scope } from "../support/scope.ts";
import { AUTHJS_SECRET, authjsApp } from "../support/sessions/authjs.ts";
import { BETTER_AUTH_SECRET, betterAuthApp } from "../support/sessions/better-auth.ts";
import { clerkInstance } from "../support/sessions/clerk.ts";
import { ADA, PROJECT, supabaseProject } from "../support/sessions/supabase.ts";
import { bundle } from "./bundle.ts";
import { partsOf } from "./runtime.ts";
import { startWorkerd } from "./workerd.ts";

const WORKER = join(ROOT, "tests/fixtures/runtime/sessions.ts");
const cleanUp = scope();

type Send = (request: Request) => Promise<Response>;

const RUNTIMES: Readonly<Record<string, (options: string) => Promise<Send>>> = {
  Node: (OPTIONS) => Promise.resolve(createHandler({ OPTIONS })),
  async "the edge runtime"(OPTIONS) {
    const { code, imports } = await bundle("edge", WORKER);
    expect(imports).toEqual([]);
    const vm = new EdgeVM();
    vm.evaluate(code);
    const handler = vm.evaluate<typeof createHandler>("worker.createHandler")({ OPTIONS });
    return (request) => handler(new vm.context.Request(request.url, partsOf(request)));
  },
  async workerd(OPTIONS) {
    const { code, imports } = await bundle("workerd", WORKER);
    expect(imports).toEqual([]);
    const running = cleanUp(await startWorkerd(code, { OPTIONS }), (it) => it.stop());
    return (request) => running.send(request);
  },
};

let options: Options;
let cookies: string;
let expected: Record<string, unknown>;
/** Valid sessions with changed signatures. */
let forged: string;

beforeAll(async () => {
  const [clerk, supabase] = [await clerkInstance(), await supabaseProject()];
  const cached = { session: { cookieCache: { enabled: true } } };
  const { cookies: own, id } = await betterAuthApp(cached).signUp("ada");
  options = {
    authjs: AUTHJS_SECRET,
    betterAuth: BETTER_AUTH_SECRET,
    clerk: { jwtKey: clerk.jwtKey, publishableKey: clerk.publishableKey },
    supabase: { url: PROJECT, jwks: JSON.stringify(supabase.jwks) },
  };
  const sessions = [
    await authjsApp({}, 4000).signIn("ada"),
    own,
    `__session=${await clerk.sign()}`,
    await supabase.cookiesOf(await supabase.sign(), "base64url", "x".repeat(3000)),
  ];
  cookies = sessions.join("; ");
  forged = cookies.replaceAll(/[\w-]{8}(?=;|$)/g, "AAAAAAAA");
  expected = {
    authjs: "ada",
    betterAuth: id,
    betterAuthSession: expect.stringMatching(/^[0-9a-f]{64}$/),
    clerk: "user_2ada",
    clerkOrganization: "org_2shop",
    supabase: ADA,
  };
});

describe.each(Object.entries(RUNTIMES))("the resolvers of sessions in %s", (_, start) => {
  test("session resolvers in %s accept sessions of the libraries, and no others", async () => {
    const send = await start(JSON.stringify(options));
    const named = async (cookie: string) =>
      (await send(new Request("https://app.example/", { headers: { cookie } }))).json();
    expect(await named(cookies)).toEqual(expected);
    // The objects of the first request serve the next one.
    expect(await named(cookies)).toEqual(expected);
    expect(await named("")).toEqual({});
    const others = await named(forged);
    expect(others).not.toHaveProperty("authjs");
    expect(others).not.toHaveProperty("betterAuth");
    expect(others).not.toHaveProperty("clerk");
    expect(others).not.toHaveProperty("supabase");
  });
});
