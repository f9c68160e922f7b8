import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";
import { checkPolicy, findPolicyFile } from "headgate/cli";
import { buildOnce } from "./build.ts";
import { BUILD_FOLDER, type Manifest } from "./packed.ts";

/** The programs of a package, and the source of each. */
const PROGRAMS = { server: "app/_programs/serve-packed.command.ts", gateway: "lib/cli/gateway.ts" };

/** Starts a Redis for the server; it is plain JavaScript and needs no bundle. */
const GUARD = "guard.mjs";

/**
 * The packages that stay beside a program: Next as it was traced, and wasmoon, which reads a file of
 * its package.
 */
const UNBUNDLED = ["next", "wasmoon"];

/**
 * Makes a folder that runs without TypeScript and without this tree: `node server.mjs` and `node
 * gateway.mjs`, on Node 20 or later. It contains no environment file (`.env*`).
 *
 * @param to is emptied first
 * @throws {HeadgateError} POLICY_INVALID or BUILD_FAILED
 */
export async function pack(root: string, to: string, say: (line: string) => void): Promise<void> {
  const policy = await checkPolicy(findPolicyFile(root, undefined));
  await buildOnce(root, say);

  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  copyBuild(root, to);
  copyWasmoon(root, to);
  await bundlePrograms(root, to);
  cpSync(join(root, "lib", "server", GUARD), join(to, GUARD));
  writeManifest(root, to, policy);
}

/**
 * Copies the files that Next traced, without the server that it wrote, and the files that it leaves to
 * a CDN.
 */
function copyBuild(root: string, to: string): void {
  const built = join(root, BUILD_FOLDER);
  cpSync(join(built, "standalone"), to, { recursive: true });
  rmSync(join(to, "server.js"));
  for (const file of globSync(".env*", { cwd: to })) rmSync(join(to, file));
  cpSync(join(built, "static"), join(to, BUILD_FOLDER, "static"), { recursive: true });
  const files = join(root, "public");
  if (existsSync(files)) cpSync(files, join(to, "public"), { recursive: true });
}

/** Copies the embedded store's Lua: a module, and the WebAssembly that it reads from its own folder. */
function copyWasmoon(root: string, to: string): void {
  const from = join(root, "node_modules", "wasmoon");
  for (const file of ["package.json", "LICENSE", "dist/index.js", "dist/glue.wasm"]) {
    cpSync(join(from, file), join(to, "node_modules", "wasmoon", file));
  }
}

/** Each program is one file, so that a deployment of the gateway needs only that file. */
async function bundlePrograms(root: string, to: string): Promise<void> {
  for (const [name, input] of Object.entries(PROGRAMS)) {
    await build({
      cwd: root,
      input,
      platform: "node",
      external: UNBUNDLED,
      logLevel: "warn",
      output: { file: join(to, `${name}.mjs`), format: "esm", codeSplitting: false },
    });
  }
}

function writeManifest(root: string, to: string, policy: string): void {
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const { name, version, engines } = own;
  const manifest: Manifest = {
    name,
    version,
    private: true,
    type: "module",
    engines,
    headgate: { policy },
  };
  writeFileSync(join(to, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
