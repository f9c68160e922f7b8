import type { Init } from "./init.ts";
import { COMMANDS } from "./package-manager.ts";

/** Returns the lines that say what was found in an app. */
export function foundLines({ app, routes }: Init, folder: string | undefined): readonly string[] {
  const { next, home, language, packageManager, hasAppRouter, hasPagesRouter, isDirty } = app;
  const routers = [
    ...(hasAppRouter ? [`${home}app`] : []),
    ...(hasPagesRouter ? [`${home}pages`] : []),
  ];
  const handlers = routes.filter(({ kind }) => kind === "handler").length;
  const languages = { ts: "TypeScript", js: "JavaScript" };
  return [
    ...(folder === undefined ? [] : [`app      ${folder}, the only Next.js app here`]),
    `found    Next ${next}, ${routers.join(" and ")}, ${languages[language]}, ${packageManager}, ${handlers} route ${handlers === 1 ? "handler" : "handlers"}`,
    ...(isDirty
      ? ["note     the work tree has changes that are not committed: git diff will show them too"]
      : []),
  ];
}

/** Returns the last lines: how to see the first 429, how to enforce, and what is left to do. */
export function lastLines(init: Init, isLeft: boolean): readonly string[] {
  const { app, changes, policy, rewrites, install, ci, trial } = init;
  const { run } = COMMANDS[app.packageManager];
  const dev = app.scripts["dev"] === undefined ? "npx next dev" : `${run} dev`;
  return [
    ...(isLeft && install ? ["", "Install Headgate:", `  ${install.join(" ")}`] : []),
    ...(app.ignoresEnvExample && changes.some(({ path }) => path === ".env.example")
      ? ["", "git ignores .env.example here. To commit it:", "  git add -f .env.example"]
      : []),
    ...(rewrites ? ["", ...rewrites.split("\n")] : []),
    ...(ci ? ["", "Add to CI:", ...ci.map((command) => `  ${command}`)] : []),
    ...(trial
      ? [
          "",
          `See the rule "${trial.rule}" deny in development: start the app (${dev}), and send ${trial.requests} requests:`,
          `  ${trial.command}`,
        ]
      : []),
    "",
    `In production the rules count, and deny no request. To enforce them, delete the line "mode:" of ${policy.path}.`,
  ];
}
