import { join } from "node:path";
import type { Case } from "./case.ts";
import { runCommand, tryCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

/** The optional packages, each with its purpose and a program that needs it. */
export const NEEDS: Readonly<Record<string, string>> = {
  ioredis: `import { connectTcp } from "headgate/tcp"; connectTcp({ redisUrl: "redis://127.0.0.1" });`,
  "ioredis (gateway)": `import { startGateway } from "headgate/gateway"; await startGateway({ token: "sixteen-letters-" });`,
  "@upstash/redis": `import { redisOf } from "headgate/redis"; redisOf({ requester: {}, redis: {} }).get;`,
  "@upstash/ratelimit": `import { UpstashLimits } from "headgate/upstash"; new UpstashLimits({});`,
  wasmoon: `import { chooseStore } from "headgate/server"; await chooseStore({ HEADGATE_STORE: "embedded" }, console.log);`,
};

/** An app that installed only the package. */
async function bareApp(name: string, { newFolder, tarball }: World): Promise<string> {
  const folder = newFolder(name);
  write(folder, { "package.json": '{ "private": true, "type": "module" }\n' });
  await runCommand(folder, "npm", ["install", "--no-audit", "--no-fund", tarball]);
  return folder;
}

export const POLICY = `import { definePolicy } from "headgate";

export default definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: "5 per minute" } } },
});
`;

export const missingCases: readonly Case[] = [
  {
    name: "missing",
    what: "an app without the optional packages is told what to install",
    async run(world) {
      const folder = await bareApp("missing", world);
      for (const [needed, program] of Object.entries(NEEDS)) {
        const [name = ""] = needed.split(" ");
        const file = `needs-${needed.replaceAll(/\W/g, "-")}.mjs`;
        write(folder, { [file]: program });
        const { output, status } = await tryCommand(folder, "node", [file]);
        const isTold =
          output.includes("PACKAGE_MISSING") && output.includes(`: npm install ${name}@latest\n`);
        if (status !== 1 || !isTold) throw new Error(`${needed}: ${output}`);
      }
      return `${Object.keys(NEEDS).length} entries name what to install`;
    },
  },
  {
    name: "dependencies",
    what: "npm ls of an app that installed the package alone",
    async run(world) {
      const folder = await bareApp("dependencies", world);
      const printed = await runCommand(folder, "npm", ["ls", "--all", "--parseable"]);
      const installed = printed
        .trim()
        .split("\n")
        .flatMap((path) => path.split(/node_modules[\\/]/)[1] ?? []);
      const names = installed.toSorted().join(", ");
      if (names !== "@noble/hashes, headgate, jiti, jose") throw new Error(names);
      return names;
    },
  },
  {
    name: "command",
    what: "npx headgate check and gateway",
    async run(world) {
      const folder = await bareApp("command", world);
      write(folder, { "config/rate-limits.ts": POLICY });
      const headgate = (...args: readonly string[]) =>
        tryCommand(folder, "node", [join("node_modules", "headgate", "bin.mjs"), ...args]);
      const check = await headgate("check");
      if (check.status !== 0 || !check.output.includes("1 rule, 1 limit")) {
        throw new Error(check.output);
      }
      write(folder, { "wrong.ts": POLICY.replace("5 per minute", "5 per moment") });
      const wrong = await headgate("check", "wrong.ts");
      if (wrong.status !== 1 || !wrong.output.includes("5 per moment"))
        throw new Error(wrong.output);
      const gateway = await headgate("gateway");
      if (gateway.status !== 1 || !/PACKAGE_MISSING: .*ioredis@latest\n$/.test(gateway.output)) {
        throw new Error(gateway.output);
      }
      return "check finds a problem; gateway asks for ioredis";
    },
  },
];
