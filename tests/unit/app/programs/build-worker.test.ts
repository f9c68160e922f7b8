import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import {
  buildWorkerOnce,
  rejectSecretsIn,
  secretsIn,
  WORKER_FOLDER,
} from "#app/_programs/build-worker";
import { scope } from "../../../support/scope.ts";

const cleanUp = scope();
const COPIED = join(WORKER_FOLDER, "cloudflare", "next-env.mjs");

function folderWith(path: string, text: string): string {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-worker-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return folder;
}

test.each([".env", ".env.local", ".env.production", ".env.test.local"])(
  "the Worker is not built with a %s of `vercel env pull`, and the error names each secret",
  async (file) => {
    const secrets = [
      "CRON_SECRET",
      "DEMO_ACCOUNTS",
      "HEADGATE_SECRET",
      "KV_REST_API_READ_ONLY_TOKEN",
      "KV_REST_API_TOKEN",
      "KV_URL",
      "UPSTASH_REDIS_REST_TOKEN",
      "VERCEL_OIDC_TOKEN",
    ];
    const pulled = [
      "# Created by Vercel CLI",
      ...secrets.map((name) => `${name}="a value that must not be uploaded"`),
      'NEXT_PUBLIC_TITLE="Artists"',
      'CORS_ORIGINS="https://shop.example"',
      'VERCEL="1"',
      'VERCEL_ENV="development"',
      'VERCEL_GIT_COMMIT_SHA=""',
      'TURBO_CACHE="remote:rw"',
    ];
    const built = buildWorkerOnce(folderWith(file, pulled.join("\n")), () => {});
    const message = expect.stringContaining(`would hold ${secrets.join(", ")}, from`) as unknown;
    await expect(built).rejects.toMatchObject({ code: "BUILD_FAILED", message });
  },
);

const modes = (variables: object) =>
  ["production", "development", "test"]
    .map((mode) => `export const ${mode} = ${JSON.stringify(variables)};\n`)
    .join("");

test("a built Worker whose code holds a secret is removed, and the error names the secret", () => {
  const folder = folderWith(COPIED, modes({ CRON_SECRET: "a secret", VERCEL: "1" }));
  expect(secretsIn(folder)).toEqual(["CRON_SECRET"]);
  expect(() => rejectSecretsIn(folder)).toThrow("would hold CRON_SECRET, from");
  expect(existsSync(join(folder, WORKER_FOLDER))).toBe(false);
});

test("a built Worker whose code holds public variables only is kept", () => {
  const folder = folderWith(COPIED, modes({ APP_ORIGIN: "https://shop.example" }));
  rejectSecretsIn(folder);
  expect(existsSync(join(folder, COPIED))).toBe(true);
});

test("a file of variables that does not have OpenNext's form is an error", () => {
  const folder = folderWith(COPIED, "export default {};\n");
  expect(() => secretsIn(folder)).toThrow("does not have the form that OpenNext writes");
});
