import { appendFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../support/app.ts";

const TOYS = join("tests", "fixtures", "toy-registries");
const FORMATS = join("lib", "respond", "headers");
const PLATFORMS = join("lib", "identity", "platforms");

describe("a header format and an address platform that are one file and one line each", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "headgate-toys-"));
    const copied = ["package.json", "tsconfig.json", "lib", join("tests", "support")];
    await Promise.all(
      copied.map((path) => cp(join(ROOT, path), join(folder, path), { recursive: true })),
    );
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    await cp(join(ROOT, TOYS, "draft-6.ts"), join(folder, FORMATS, "draft-6.ts"));
    await addLine(FORMATS, 'export { DRAFT_6 } from "./draft-6.ts";');
    await cp(join(ROOT, TOYS, "fly.ts"), join(folder, PLATFORMS, "fly.ts"));
    await addLine(PLATFORMS, 'export { FLY } from "./fly.ts";');
    await mkdir(join(folder, TOYS), { recursive: true });
    await cp(join(ROOT, TOYS, "use.ts"), join(folder, TOYS, "use.ts"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("the types include a header format and an address platform of one file and one line each", async () => {
    const settings = {
      extends: "./tsconfig.json",
      compilerOptions: { incremental: false, tsBuildInfoFile: null, plugins: [] },
      include: [TOYS, FORMATS, PLATFORMS],
      exclude: [],
    };
    await writeFile(join(folder, "tsconfig.toys.json"), JSON.stringify(settings));
    const tsc = join("node_modules", "typescript", "bin", "tsc");
    expect(await run(tsc, "-p", "tsconfig.toys.json")).toBe("");
  });

  test("a header format and an address platform of one file and one line each appear in settings, headers, errors, doubts, our server and tables", async () => {
    const found = JSON.parse(await run(join(TOYS, "use.ts"))) as Record<string, unknown>;
    expect(found).toEqual({
      legacyHeaders: "draft-6",
      clientAddress: { from: "fly", app: "shop" },
      headers: { "ratelimit-limit": "5", "ratelimit-remaining": "4", "ratelimit-reset": "60" },
      exposed: expect.stringMatching(
        /^RateLimit, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-/,
      ) as unknown,
      headersRefusal: expect.stringContaining(
        "HEADGATE_LEGACY_HEADERS must be 0, 1, draft-6 or only.",
      ) as unknown,
      addressRefusal: expect.stringMatching(/must be socket, .* or fly:APP, but is /) as unknown,
      address: "203.0.113.9",
      doubts: [
        expect.stringContaining("x-toy-client, which CLIENT_IP_FROM=hops:1 does not read"),
        expect.stringContaining("CLIENT_IP_FROM=fly:shop found no address"),
      ],
      droppedByOurServer: true,
      tables: [
        expect.stringContaining("| `draft-6` | `RateLimit-Limit`"),
        expect.stringContaining("| `fly:shop` | Fly.io | its header | nothing on Fly.io |"),
      ],
    });
  });

  function addLine(room: string, line: string): Promise<void> {
    return appendFile(join(folder, room, "registry.ts"), `${line}\n`);
  }

  /** Runs a program in the copy, and returns its output. */
  async function run(...args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return out + err;
  }
});
