import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ROOT } from "../support/app.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

interface Query {
  readonly package: { readonly name: string; readonly ecosystem: string };
  readonly version: string;
}

/** Starts a list with one advisory, which records its queries. */
async function startList(status = 200) {
  const asked: Query[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { queries } = (await json(request)) as { readonly queries: readonly Query[] };
    asked.push(...queries);
    const results = queries.map(({ package: { name }, version }) =>
      name === "left" && version === "1.0.0" ? { vulns: [{ id: "GHSA-aaaa-bbbb-cccc" }] } : {},
    );
    response.writeHead(status).end(JSON.stringify({ results }));
  };
  cleanUp(server, (it) => void it.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, asked };
}

function lockfile(packages: object): string {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-lock-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  const file = join(folder, "package-lock.json");
  writeFileSync(file, JSON.stringify({ packages }));
  return file;
}

async function check(...args: readonly string[]) {
  const program = ["tests/release/check-advisories.ts", ...args];
  return new Promise<{ status: unknown; output: string }>((resolve) => {
    execFile(process.execPath, program, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

test("check-advisories names a package with an advisory and its version, and fails", async () => {
  const { url, asked } = await startList();
  const file = lockfile({
    "": { version: "1.0.0" },
    lib: { version: "1.0.0" },
    "node_modules/headgate": { link: true },
    "node_modules/left": { version: "1.0.0", dev: true },
    "node_modules/a/node_modules/left": { version: "2.0.0" },
    "node_modules/@b/c": { version: "3.0.0" },
  });
  const { status, output } = await check("--list", url, "--lockfile", file);
  expect(output).toBe(
    "left 1.0.0 (development only): GHSA-aaaa-bbbb-cccc\n3 packages, 1 with an advisory.\n",
  );
  expect(status).toBe(1);
  expect(asked.map((query) => `${query.package.name}@${query.version}`)).toEqual([
    "left@1.0.0",
    "left@2.0.0",
    "@b/c@3.0.0",
  ]);
});

test("check-advisories queries every package of the project, and passes without an advisory", async () => {
  const { url, asked } = await startList();
  const { status, output } = await check("--list", url);
  expect(output).toBe(`${asked.length} packages, 0 with an advisory.\n`);
  expect(status).toBe(0);
  const names = new Set(asked.map((query) => query.package.name));
  for (const name of ["next", "@upstash/redis", "wasmoon", "vitest"]) expect(names).toContain(name);
  expect(names).not.toContain("headgate");
});

test("check-advisories fails when the list does not answer", async () => {
  const { url } = await startList(405);
  const rejected = await check("--list", url);
  expect(rejected).toEqual({
    status: 2,
    output: `Nothing was checked: ${url} did not answer as an advisory list. The status is 405.\n`,
  });
  const closed = await check("--list", "http://127.0.0.1:1");
  expect(closed.status).toBe(2);
  expect(closed.output).toContain("Nothing was checked");
});
