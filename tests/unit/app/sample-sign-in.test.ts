import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sampleSignIn } from "#app/_programs/sample-sign-in";
import { AUTH_SECRET } from "../../support/sign.ts";

const HERE = "127.0.0.1:3000";
const STORE = { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1", UPSTASH_REDIS_REST_TOKEN: "token" };
const LOCAL = { ...STORE, CLIENT_IP_FROM: "hops:1", AUTH_SECRET, SAMPLE_SIGN_IN: "loopback" };

// The route keeps the environment that it read first, so each test loads the route again.
beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllEnvs());

interface Sent {
  readonly env?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly origin?: string;
  readonly body?: BodyInit;
}

async function signIn({ env = LOCAL, host = HERE, ...sent }: Sent): Promise<Response> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const { POST } = await import("#app/sample/sign-in/route");
  const { origin = `http://${host}`, body = new URLSearchParams({ role: "user" }) } = sent;
  // Like Next's requests: the host of the URL is not the client's.
  const url = "http://localhost:3000/sample/sign-in";
  return POST(new Request(url, { method: "POST", headers: { host, origin }, body }));
}

describe("POST /sample/sign-in", () => {
  test.each(["127.0.0.1:3000", "localhost:3000", "[::1]:3000", "localhost"])(
    "POST /sample/sign-in starts a session at %s",
    async (host) => {
      const answer = await signIn({ host });
      expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
      expect(answer.headers.get("set-cookie")).toMatch(
        /^session=[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=28800$/,
      );
    },
  );

  test("POST /sample/sign-in ends a session with the role none", async () => {
    const answer = await signIn({ body: new URLSearchParams({ role: "none" }) });
    expect(answer.headers.get("set-cookie")).toMatch(/^session=; .*Max-Age=0$/);
  });

  test.each([
    ["SAMPLE_SIGN_IN is not set", { env: { ...LOCAL, SAMPLE_SIGN_IN: "" } }],
    ["SAMPLE_SIGN_IN is 0", { env: { ...LOCAL, SAMPLE_SIGN_IN: "0" } }],
    ["AUTH_SECRET is not set", { env: { ...LOCAL, AUTH_SECRET: "" } }],
    ["the Host is not this machine", { host: "app.example" }],
    ["the Host only begins like this machine", { host: "localhost.evil.example" }],
    ["the Host cannot be read", { host: "a b" }],
  ] satisfies [string, Sent][])("POST /sample/sign-in answers 404 when %s", async (_, sent) => {
    const answer = await signIn(sent);
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([404, null]);
  });

  test("POST /sample/sign-in with SAMPLE_SIGN_IN=1 accepts every Host, but only the app's pages", async () => {
    const env = { ...LOCAL, SAMPLE_SIGN_IN: "1" };
    expect((await signIn({ env, host: "demo.example" })).status).toBe(303);
    const foreign = await signIn({ env, host: "demo.example", origin: "https://evil.example" });
    expect([foreign.status, foreign.headers.get("set-cookie")]).toEqual([403, null]);
  });

  test.each<[string, BodyInit]>([
    ["an unknown role", new URLSearchParams({ role: "owner" })],
    ["no role", new URLSearchParams()],
    ["a body that is not a form", "{}"],
  ])("POST /sample/sign-in answers 400 to %s", async (_, body) => {
    const answer = await signIn({ body });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([400, null]);
  });
});

describe("npm start", () => {
  const offered = { SAMPLE_SIGN_IN: "loopback" };

  test.each([{}, { HOST: "127.0.0.1" }, { HOST: "::1" }, { CLIENT_IP_FROM: "socket" }])(
    "npm start offers the sample sign-in at this machine's addresses with %j",
    (env) => {
      expect(sampleSignIn(env)).toEqual(offered);
    },
  );

  test.each([
    { AUTH_SECRET },
    { HOST: "0.0.0.0" },
    { HOST: "::" },
    { HOST: "app.example" },
    { CLIENT_IP_FROM: "hops:1" },
    { APP_ORIGIN: "https://app.example" },
    { SAMPLE_SIGN_IN: "0" },
  ])("npm start offers no sample sign-in with %j", (env) => {
    expect(sampleSignIn(env)).toEqual({});
  });
});
