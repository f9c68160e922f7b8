import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { chooseInstagram } from "#app/_programs/instagram";
import { startInstagramStandIn } from "#app/_programs/instagram-stand-in";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();
const start = async () =>
  cleanUp(await startInstagramStandIn({ token: "first" }), (it) => it.stop());

describe("the stand-in for Instagram", () => {
  test("the stand-in returns a new token for a valid one, and the old one stays valid", async () => {
    const standIn = await start();
    const refreshed = await fetch(`${standIn.url}/refresh_access_token?access_token=first`);
    const { access_token: next } = (await refreshed.json()) as { access_token: string };
    for (const token of ["first", next]) {
      expect((await fetch(`${standIn.url}/me/media?access_token=${token}`)).status).toBe(200);
    }
    expect(standIn.calls()).toEqual({ media: 2, refresh: 1 });
  });

  test("the stand-in rejects an unknown token as Instagram does", async () => {
    const { url } = await start();
    const rejected = await fetch(`${url}/me/media?access_token=another`);
    expect(rejected.status).toBe(400);
    expect(await rejected.json()).toMatchObject({
      error: { type: "OAuthException", code: 190, fbtrace_id: expect.any(String) },
    });
  });

  test("the stand-in survives a request with an invalid target", async () => {
    const { url } = await start();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write("GET // HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
    expect((await fetch(`${url}/me/media?access_token=first`)).status).toBe(200);
  });
});

describe("npm start", () => {
  test("npm start without a token starts a stand-in that accepts the token it sets", async () => {
    const { line, variables } = cleanUp(await chooseInstagram({}), (it) => it.stop?.());
    expect(line).toContain("set INSTAGRAM_ACCESS_TOKEN for the real one");
    const { INSTAGRAM_STAND_IN, INSTAGRAM_ACCESS_TOKEN } = variables;
    const media = `${INSTAGRAM_STAND_IN}/me/media?access_token=${INSTAGRAM_ACCESS_TOKEN}`;
    expect((await fetch(media)).status).toBe(200);
  });

  test.each([
    [{}, "Instagram, by INSTAGRAM_ACCESS_TOKEN"],
    [{ INSTAGRAM_API_URL: "https://graph.facebook.com/v25.0" }, "Instagram at graph.facebook.com,"],
    [{ INSTAGRAM_STAND_IN: "http://127.0.0.1:8090" }, "your stand-in at 127.0.0.1:8090,"],
    [{ INSTAGRAM_API_URL: "nowhere" }, "an address that cannot be read,"],
  ])("npm start with a token names the host that gets it: %j", async (more, words) => {
    const chosen = await chooseInstagram({ INSTAGRAM_ACCESS_TOKEN: "hush", ...more });
    expect(chosen.line).toContain(words);
    expect(chosen.line).not.toContain("hush");
    expect(chosen.variables).toEqual({});
  });
});
