import { spawn } from "node:child_process";
import { once } from "node:events";
import { findProgram } from "#lib/server/find-program";

/**
 * The programs that can be the browser, the cheapest first: Chromium without the parts for a window needs less
 * processor time than the others.
 */
export const BROWSERS = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
] as const;

/** The programs that the tests need besides npm's packages. */
const NEEDED = [
  { programs: ["redis-server", "valkey-server"], debian: "redis-server" },
  // A compiler, for the test clock of a Redis.
  { programs: ["cc", "gcc", "clang"], debian: "gcc libc6-dev" },
  { programs: BROWSERS, debian: "chromium-headless-shell" },
  { programs: ["nginx"], debian: "nginx-light" },
];

/** Vitest's global set-up, which runs once for all projects. */
export default installPrograms;

/**
 * Installs the programs that the tests need and this machine lacks, from Debian's packages. When none is
 * missing, it only searches the PATH.
 *
 * @throws {Error} when it must not install them, or apt-get fails; the message names the packages
 */
export async function installPrograms(): Promise<void> {
  const missing = NEEDED.filter(({ programs }) => findProgram(...programs) === undefined);
  if (missing.length === 0) return;
  const packages = missing.map(({ debian }) => debian).join(" ");
  const install = `install -y --no-install-recommends ${packages}`;
  const aptGet = process.getuid?.() === 0 ? findProgram("apt-get") : undefined;
  if (aptGet === undefined) {
    throw new Error(
      `The tests need ${packages}. On Debian or Ubuntu: sudo apt-get update && sudo apt-get ${install}`,
    );
  }
  console.error(`headgate: installing what the tests need with apt-get: ${packages} ...`);
  await run(aptGet, "update -q");
  await run(aptGet, `${install} -q`);
}

/** The output of apt-get has its progress and the reason of a failure. Standard output is for the reporters. */
async function run(aptGet: string, args: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const running = spawn(aptGet, args.split(" "), { env, stdio: ["ignore", 2, 2] });
  const [status] = (await once(running, "exit")) as [number | null];
  if (status !== 0) throw new Error(`apt-get ${args} failed; what it printed above says why.`);
}
