import { deepStrictEqual, match } from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Case } from "./case.ts";
import { addFiles, initCase, installByNpm, ROUTES } from "./init-case.ts";
import { LAYOUT } from "./new-app.ts";
import { createNextApp } from "./next-case.ts";
import { runCommand, tryCommand } from "./run-command.ts";
import { write } from "./world.ts";

const POLICY = "config/rate-limits.ts";

const next16 = initCase(
  "init-next16",
  "headgate init in Next 16, src/, App Router, npm",
  async (world, say) => {
    const app = await createNextApp(world.newFolder("init-next16"), 16, true, say);
    addFiles(app, join(app, "src"), { ...ROUTES, "app/layout.tsx": LAYOUT });
    await installByNpm(app, world);
    return { root: app, app, args: [], policy: `src/${POLICY}` };
  },
);

const next15 = initCase(
  "init-next15",
  "headgate init in Next 15, with lib/, config/ and gate.ts, pnpm",
  async (world, say) => {
    const app = await createNextApp(world.newFolder("init-next15"), 15, false, say);
    const own = {
      "lib/gate.ts": 'export const gate = "B 12";\n',
      "gate.ts": 'export { gate } from "./lib/gate";\n',
      "config/rate-limits.ts": "export const rates = { euro: 1.1 };\n",
      "app/page.tsx": `import { rates } from "../config/rate-limits";
import { gate } from "../gate";

export default function Page() {
  return <p>{gate} {rates.euro}</p>;
}
`,
    };
    addFiles(app, app, { ...ROUTES, ...own, "app/layout.tsx": LAYOUT });
    const pnpm = await world.pnpm();
    await runCommand(app, "node", [...pnpm, "add", world.tarball]);
    const policy = "config/headgate-limits.ts";
    return { root: app, app, args: [], policy, programs: programsOf(pnpm) };
  },
);

const pages = initCase(
  "init-pages",
  "headgate init in Next 16, Pages Router, npm",
  async (world, say) => {
    const folder = world.newFolder("init-pages");
    say("create-next-app");
    const given = "--ts --no-eslint --no-tailwind --no-app --no-src-dir --use-npm --disable-git";
    const more = "--skip-install --yes --turbopack --no-react-compiler --import-alias @/*";
    const args = ["--yes", "create-next-app@16", "app", ...given.split(" "), ...more.split(" ")];
    await runCommand(folder, "npx", args);
    const app = join(folder, "app");
    // The template's own page fetches fonts from the internet.
    const home = "export default function Home() {\n  return <h1>Home</h1>;\n}\n";
    const login = `import type { NextApiRequest, NextApiResponse } from "next";

export default function handler(_: NextApiRequest, response: NextApiResponse) {
  response.json({ served: true });
}
`;
    addFiles(app, app, { "pages/index.tsx": home, "pages/api/auth/login.ts": login });
    await installByNpm(app, world);
    return { root: app, app, args: [], policy: POLICY };
  },
);

const javascript = initCase(
  "init-javascript",
  "headgate init in Next 15 of JavaScript, with its own middleware, npm",
  async (world, say) => {
    const folder = world.newFolder("init-javascript");
    say("create-next-app");
    const given = "--js --no-eslint --no-tailwind --app --no-src-dir --use-npm --disable-git";
    const more = "--skip-install --yes --no-turbopack --import-alias @/*";
    const args = ["--yes", "create-next-app@15", "app", ...given.split(" "), ...more.split(" ")];
    await runCommand(folder, "npx", args);
    const app = join(folder, "app");
    const own = {
      "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;\n",
      "app/api/login/route.js": "export const POST = () => new Response();\n",
      "middleware.js": `import { NextResponse } from "next/server";

export function middleware(request) {
  return NextResponse.redirect(new URL("/", request.url));
}

export const config = { matcher: "/old/:path*" };
`,
    };
    addFiles(app, app, own);
    await installByNpm(app, world);
    return { root: app, app, args: [], policy: "config/rate-limits.js" };
  },
);

const turborepo = initCase(
  "init-turborepo",
  "headgate init --dir in a Turborepo of two apps, npm",
  async (world, say) => {
    const root = world.newFolder("init-turborepo");
    // create-turbo downloads its templates from GitHub. These are the files by which init detects a Turborepo.
    write(root, {
      "package.json": JSON.stringify({
        name: "shop",
        private: true,
        packageManager: "npm@11.0.0",
        workspaces: ["apps/*"],
        devDependencies: { turbo: "^2" },
      }),
      "turbo.json": JSON.stringify({ tasks: { build: { outputs: [".next/**"] } } }),
      ".gitignore": "node_modules\n.next\n.turbo\n",
    });
    for (const name of ["docs", "web"]) {
      const made = await createNextApp(world.newFolder(`init-turborepo/${name}`), 16, false, say);
      const manifest = readFileSync(join(made, "package.json"), "utf8");
      write(made, { "package.json": manifest.replace('"name": "app"', `"name": "${name}"`) });
      mkdirSync(join(root, "apps"), { recursive: true });
      renameSync(made, join(root, "apps", name));
      rmSync(dirname(made), { recursive: true });
    }
    const app = join(root, "apps", "web");
    addFiles(root, app, { ...ROUTES, "app/layout.tsx": LAYOUT });
    say("npm install");
    const args = ["install", "--no-audit", "--no-fund", "-w", "web", world.tarball];
    await runCommand(root, "npm", args);
    await refusesAtTheRoot(root);
    return { root, app, args: ["--dir", "apps/web"], policy: POLICY };
  },
);

/** At a root with two apps, init names them and writes nothing. */
async function refusesAtTheRoot(root: string): Promise<void> {
  const bin = join(root, "node_modules", "headgate", "bin.mjs");
  const { status, output } = await tryCommand(root, "node", [bin, "init", "--yes"]);
  deepStrictEqual(status, 1);
  match(output, /^INIT_SEVERAL_APPS: /);
  match(output, / {2}npx headgate init --dir apps\/docs\n {2}npx headgate init --dir apps\/web\n/);
}

const workspace = initCase(
  "init-workspace",
  "headgate init at the root of a pnpm workspace of one app, Next 16",
  async (world, say) => {
    const root = world.newFolder("init-workspace");
    write(root, {
      "package.json": '{ "name": "shop", "private": true, "packageManager": "pnpm@10.34.8" }\n',
      "pnpm-workspace.yaml": "packages:\n  - apps/*\n",
      ".gitignore": "node_modules\n.next\n",
      "apps/readme.md": "The apps.\n",
    });
    const app = await createNextApp(join(root, "apps"), 16, false, say);
    rmSync(join(app, "pnpm-workspace.yaml"), { force: true });
    addFiles(root, app, { ...ROUTES, "app/layout.tsx": LAYOUT });
    say("pnpm add");
    const pnpm = await world.pnpm();
    await runCommand(app, "node", [...pnpm, "add", world.tarball]);
    return { root, app, args: [], policy: POLICY, programs: programsOf(pnpm) };
  },
);

/** The folder of the program pnpm. */
function programsOf([program = ""]: readonly string[]): string {
  return join(dirname(program), "..", "..", ".bin");
}

/** The cases of `headgate init` that run in development. */
export const initCases: readonly Case[] = [next16, next15, javascript, pages, turborepo, workspace];
