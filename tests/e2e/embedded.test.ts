import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { headersFor, POST_ROUTES } from "../support/routes.ts";
import { scope } from "../support/scope.ts";
import { AUTH_SECRET } from "../support/sign.ts";

const cleanUp = scope();

beforeAll(() => buildOnce(ROOT, () => {}));

/** A PATH that contains this Node and nothing else. */
function pathWithoutRedis(): string {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-path-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  symlinkSync(process.execPath, join(folder, "node"));
  return folder;
}

async function search(url: string): Promise<number> {
  return (await fetch(`${url}/api/search`, { method: "POST" })).status;
}

describe("npm start on a machine without Redis", () => {
  test("npm start without Redis counts in the embedded store, prints that, and enforces limits", async () => {
    const app = cleanUp(await startApp({ PATH: pathWithoutRedis() }), (it) => it.stop());
    expect(app.output()).toMatch(
      /^store +embedded in this process, without Redis; it forgets everything on exit$/m,
    );
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) statuses.push(await search(app.url));
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    expect(await app.stop()).toBe(0);
  });

  test("npm start that must start a missing Redis installs nothing, and prints what to do", async () => {
    const started = startApp({ PATH: pathWithoutRedis(), HEADGATE_STORE: "redis" });
    await expect(started).rejects.toThrow(/STORE_NOT_FOUND: .*HEADGATE_STORE=embedded/);
  });
});

describe("npm start with HEADGATE_STORE=embedded", () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp({ HEADGATE_STORE: "embedded", AUTH_SECRET });
  });
  afterAll(() => app?.stop());

  test("npm start uses the embedded store when HEADGATE_STORE asks for it, although Redis is installed", async () => {
    expect(app.output()).toMatch(/^store +embedded in this process/m);
    expect(await search(app.url)).toBe(200);
  });

  test("every route of the sample works on the embedded store", async () => {
    const answers: [string, number][] = [];
    for (const [at, route] of POST_ROUTES.entries()) {
      const headers = await headersFor(route, `user-${at}`);
      const body = JSON.stringify(route.good);
      const answer = await fetch(app.url + route.path, { method: "POST", headers, body });
      answers.push([route.path, answer.status]);
    }
    expect(answers).toEqual(POST_ROUTES.map(({ path, status }) => [path, status]));
  });
});

describe("HEADGATE_STORE", () => {
  test.each([
    [{ HEADGATE_STORE: "memory" }, "must be redis or embedded"],
    [
      { HEADGATE_STORE: "embedded", REDIS_URL: "redis://:hunter2@127.0.0.1:1" },
      "REDIS_URL names another",
    ],
  ])(
    "npm start rejects the impossible store setting %j without printing secrets",
    async (env, words) => {
      const started = startApp(env);
      await expect(started).rejects.toThrow(`ENV_INVALID: HEADGATE_STORE`);
      await expect(started).rejects.toThrow(words);
      await expect(started).rejects.not.toThrow("hunter2");
    },
  );
});
