import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  recordRunningStore,
  redisEndpoint,
  runningMode,
  runningStore,
} from "#lib/server/running-store";
import { namedRedis, namedStore } from "#lib/server/named-store";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

function folder() {
  const root = cleanUp(mkdtempSync(join(tmpdir(), "headgate-store-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  return { root, file: join(root, ".headgate", "store.json") };
}

const ADDRESS = { url: "http://127.0.0.1:8079", token: "a-token-of-the-tests" };

function store(variables: Record<string, string> = {}) {
  const seen = { stops: 0 };
  const stop = async () => void (seen.stops += 1);
  return { seen, chosen: { line: "a store", variables, stop } };
}

const OURS = {
  UPSTASH_REDIS_REST_URL: ADDRESS.url,
  UPSTASH_REDIS_REST_TOKEN: ADDRESS.token,
};

test("a store that this process started is found while it runs, by this user alone", async () => {
  const { root, file } = folder();
  const { seen, chosen } = store(OURS);
  expect(runningStore(root)).toBeUndefined();
  const noted = recordRunningStore(root, chosen);
  expect(runningStore(root)).toEqual(ADDRESS);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await noted.stop();
  expect([runningStore(root), existsSync(file), seen.stops]).toEqual([undefined, false, 1]);
});

test("the note holds a secret that the start made, and of HEADGATE_SECRET only that it is set", () => {
  const { root, file } = folder();
  recordRunningStore(root, store(OURS).chosen, { secret: "made-by-the-start", isSecretSet: false });
  expect(runningStore(root)).toEqual({
    ...ADDRESS,
    secret: "made-by-the-start",
    isSecretSet: false,
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  recordRunningStore(root, store(OURS).chosen, { secret: undefined, isSecretSet: true });
  expect(runningStore(root)).toEqual({ ...ADDRESS, isSecretSet: true });
});

test("a store that the environment names is not noted", () => {
  const { root, file } = folder();
  recordRunningStore(root, store().chosen);
  expect(existsSync(file)).toBe(false);
});

test("stopping a store keeps the note of another process", async () => {
  const { root, file } = folder();
  const noted = recordRunningStore(root, store(OURS).chosen);
  const other = JSON.stringify({ ...ADDRESS, url: "http://127.0.0.1:1", pid: process.ppid });
  writeFileSync(file, other);
  await noted.stop();
  expect(readFileSync(file, "utf8")).toBe(other);
  expect(runningStore(root)).toMatchObject({ url: "http://127.0.0.1:1" });
});

test("the note of a killed process names no store", () => {
  const { root, file } = folder();
  recordRunningStore(root, store(OURS).chosen);
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(file, JSON.stringify({ ...ADDRESS, pid }));
  expect(runningStore(root)).toBeUndefined();
});

test.each(["", "{", "{}", '{"url":1,"token":"t","pid":1}'])(
  "a note of %j names no store",
  (text) => {
    const { root, file } = folder();
    recordRunningStore(root, store(OURS).chosen);
    writeFileSync(file, text);
    expect(runningStore(root)).toBeUndefined();
  },
);

describe("runningMode", () => {
  const named = (REDIS_URL: string) => namedStore({ REDIS_URL });
  const rest = namedStore({
    UPSTASH_REDIS_REST_URL: ADDRESS.url,
    UPSTASH_REDIS_REST_TOKEN: ADDRESS.token,
  });

  function noteOf(redisUrl: string) {
    const { root, file } = folder();
    const redis = redisEndpoint(namedRedis({ REDIS_URL: redisUrl }));
    const noted = recordRunningStore(root, store(OURS).chosen, { mode: "development", redis });
    return { root, file, noted: cleanUp(noted, (it) => it.stop()) };
  }

  test("runningMode returns the app's mode when the environment names the app's Redis, or no store", () => {
    const { root, file } = noteOf("redis://:secret@127.0.0.1:6379/3");
    expect(runningMode(root, undefined)).toBe("development");
    expect(runningMode(root, named("redis://127.0.0.1/3"))).toBe("development");
    expect(readFileSync(file, "utf8")).not.toContain("secret");
  });

  test("runningMode returns undefined when the environment names another store, or no app runs", async () => {
    const { root, noted } = noteOf("redis://127.0.0.1:6379/3");
    for (const other of [
      named("redis://127.0.0.1:6379/4"),
      named("redis://127.0.0.1:6380/3"),
      rest,
    ]) {
      expect(runningMode(root, other)).toBeUndefined();
    }
    await noted.stop();
    expect(runningMode(root, undefined)).toBeUndefined();
  });
});
