import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/app.ts";
import { LAYOUT } from "../../package/new-app.ts";

/** The guides whose files are one app. Each shows the whole files that it needs. */
const GUIDES = [
  "limits-in-handlers",
  "server-actions",
  "protect-a-login",
  "count-once",
  "idempotency-keys",
  "locks",
  "set-up-the-gate",
] as const;
export const POLICY = "config/rate-limits.ts";

/** The files of create-next-app and of docs/start/new-app.md that the files of the guides need. */
const GIVEN = {
  "package.json": '{ "name": "app", "private": true }\n',
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      target: "ES2017",
      lib: ["dom", "dom.iterable", "esnext"],
      skipLibCheck: true,
      strict: true,
      noEmit: true,
      esModuleInterop: true,
      module: "esnext",
      moduleResolution: "bundler",
      resolveJsonModule: true,
      isolatedModules: true,
      jsx: "react-jsx",
      incremental: true,
      plugins: [{ name: "next" }],
      paths: { "@/*": ["./*"] },
    },
    include: ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts"],
    exclude: ["node_modules"],
  }),
  "app/layout.tsx": LAYOUT,
};

interface File {
  readonly guide: string;
  readonly path: string;
  readonly text: string;
}

/** The whole files that the guides show. */
export const FILES: readonly File[] = GUIDES.flatMap((guide) => {
  const page = readFileSync(join(ROOT, "docs", "guides", `${guide}.md`), "utf8");
  return [...page.matchAll(/^```tsx?\n\/\/ (\S+)\n(.*?)^```$/gms)].map(
    ([, path = "", text = ""]) => ({ guide, path, text }),
  );
});

/** Returns the files of the app: the policy of each guide, and one policy with the rules of all guides. */
export function filesOfApp(): Readonly<Record<string, string>> {
  const policies = FILES.filter(({ path }) => path === POLICY);
  const nameOf = ({ guide }: File) => guide.replaceAll("-", "_");
  const merged = `import { definePolicy } from "headgate";
import { identities } from "./identities";
${policies.map((file) => `import ${nameOf(file)} from "./${file.guide}";`).join("\n")}

export default definePolicy({
  identities,
  rules: { ${policies.map((file) => `...${nameOf(file)}.rules`).join(", ")} },
});
`;
  return {
    ...GIVEN,
    ...Object.fromEntries(FILES.map(({ path, text }) => [path, text])),
    ...Object.fromEntries(policies.map(({ guide, text }) => [`config/${guide}.ts`, text])),
    [POLICY]: merged,
  };
}
