// What the tests need beside npm's packages: a real Redis, a compiler for the clock that it is given, a
// browser, and a proxy to stand behind.
import { spawnSync } from "node:child_process";
import { findProgram } from "#lib/server/find-program";

const NEEDED = [
  { programs: ["redis-server", "valkey-server"], debian: "redis-server" },
  { programs: ["cc", "gcc", "clang"], debian: "gcc libc6-dev" },
  { programs: ["chromium", "chromium-browser", "google-chrome"], debian: "chromium" },
  { programs: ["nginx"], debian: "nginx-light" },
];

const missing = NEEDED.filter(({ programs }) => findProgram(...programs) === undefined).map(
  ({ debian }) => debian,
);

if (missing.length > 0) {
  const line = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  const aptGet = process.getuid?.() === 0 ? findProgram("apt-get") : undefined;
  if (!aptGet) {
    console.error(`The tests need ${missing.join(" and ")}. On Debian or Ubuntu: sudo ${line}`);
    process.exit(1);
  }
  console.log(`Installing what the tests need from Debian's packages: ${missing.join(", ")} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of ["update", line.slice("apt-get ".length)]) {
    const done = spawnSync(aptGet, args.split(" "), { env, encoding: "utf8" });
    if (done.status !== 0) {
      console.error(`apt-get ${args} failed:\n${done.stderr}`);
      process.exit(1);
    }
  }
}
