import { deepStrictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { Case } from "./case.ts";
import { MORE_FILES, useMoreFiles } from "./more-files.ts";
import { askNewApp, filesOfNewApp, LAYOUT, PROMISED, startBuilt } from "./new-app.ts";
import type { StoreVariant } from "./store-variants.ts";
import { runCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

/** The options of an app. */
interface NextApp {
  readonly next: 15 | 16;
  readonly installer: "npm" | "pnpm";
  readonly src: boolean;
  readonly gate: "middleware" | "proxy";
  /** The variant of the gate, for another store than REST. */
  readonly store?: StoreVariant;
}

/** An app of create-next-app, with the files of docs/start/new-app.md, tools and the dashboard. */
export function nextCase(app: NextApp): Case {
  const { next, installer, src, gate, store } = app;
  const name = [
    `next${next}`,
    ...(src ? ["src"] : []),
    ...(gate === "proxy" ? ["proxy"] : []),
    ...(store ? [store.name] : []),
  ];
  const bundler = next === 15 ? "webpack" : "Turbopack";
  return {
    name: name.join("-"),
    what: `Next ${next} (${bundler}), ${src ? "src/" : "no src/"}, ${gate}.ts, ${installer}${store ? `, headgate/${store.name}` : ""}`,
    run: (world, say) => runNextApp(name.join("-"), app, world, say),
  };
}

async function runNextApp(
  name: string,
  { next, installer, src, gate, store }: NextApp,
  world: World,
  say: (line: string) => void,
): Promise<string> {
  const app = await createNextApp(world.newFolder(name), next, src, say);
  const { "proxy.ts": gateFile = "", ...files } = filesOfNewApp();
  const home = src ? join(app, "src") : app;
  write(home, { ...files, [`${gate}.ts`]: gateFile, "app/layout.tsx": LAYOUT, ...MORE_FILES });
  if (store) write(home, { "gate.ts": store.gate });
  say(`${installer} install`);
  await install(app, installer, world, store?.packages);
  say("next build");
  await runCommand(app, "node", [join("node_modules", "next", "dist", "bin", "next"), "build"]);
  say("next start");
  const running = await startBuilt(app, await world.store());
  try {
    deepStrictEqual(await askNewApp(running.url), PROMISED);
    await useMoreFiles(running.url);
  } finally {
    await running.stop();
  }
  return "429 by the gate and in a handler; tools; dashboard";
}

/** Makes an app by create-next-app without its packages, and resolves to its folder. */
export async function createNextApp(
  folder: string,
  next: 15 | 16,
  src: boolean,
  say: (line: string) => void,
): Promise<string> {
  say("create-next-app");
  await runCommand(folder, "npx", createArgs(next, src));
  return join(folder, "app");
}

/** The answers to the questions of create-next-app. */
function createArgs(next: 15 | 16, src: boolean): string[] {
  const given = "--ts --no-eslint --no-tailwind --app --use-npm --disable-git --skip-install --yes";
  return [
    "--yes",
    `create-next-app@${next}`,
    "app",
    ...given.split(" "),
    src ? "--src-dir" : "--no-src-dir",
    ...(next === 15 ? ["--no-turbopack"] : ["--turbopack", "--no-react-compiler"]),
    "--import-alias",
    "@/*",
  ];
}

export async function install(
  app: string,
  by: "npm" | "pnpm",
  { tarball, pnpm }: World,
  packages: readonly string[] = [],
): Promise<void> {
  if (by === "npm") {
    await runCommand(app, "npm", ["install", "--no-audit", "--no-fund", tarball, ...packages]);
  } else {
    await runCommand(app, "node", [...(await pnpm()), "add", tarball, ...packages]);
  }
}
