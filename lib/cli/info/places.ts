import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Variables } from "#lib/core/settings";

/** The markers of a platform on which an app runs or is meant to run. */
interface Place {
  readonly name: string;
  readonly variables: readonly string[];
  /** Files in the app's folder. An absolute path is a file of the machine. */
  readonly files: readonly string[];
}

const PLACES: readonly Place[] = [
  { name: "Vercel", variables: ["VERCEL"], files: ["vercel.json", ".vercel/project.json"] },
  {
    name: "Cloudflare",
    variables: ["WORKERS_CI", "CF_PAGES"],
    files: ["open-next.config.ts", "wrangler.jsonc", "wrangler.json", "wrangler.toml"],
  },
  { name: "Netlify", variables: ["NETLIFY"], files: ["netlify.toml"] },
  { name: "Fly.io", variables: ["FLY_APP_NAME"], files: ["fly.toml"] },
  { name: "Render", variables: ["RENDER"], files: ["render.yaml"] },
  { name: "AWS Lambda", variables: ["AWS_LAMBDA_FUNCTION_NAME"], files: [] },
  { name: "Kubernetes", variables: ["KUBERNETES_SERVICE_HOST"], files: [] },
  { name: "a container", variables: [], files: ["/.dockerenv", "/run/.containerenv"] },
  { name: "Docker", variables: [], files: ["Dockerfile", "compose.yaml", "docker-compose.yml"] },
  { name: "CI", variables: ["CI", "GITHUB_ACTIONS", "GITLAB_CI"], files: [] },
];

/** A platform, and its markers that were found: names of variables and of files, without values. */
export interface FoundPlace {
  readonly name: string;
  readonly by: readonly string[];
}

/** Finds the platforms on which an app runs or is meant to run. */
export function findPlaces(root: string, env: Variables): readonly FoundPlace[] {
  return PLACES.map(({ name, variables, files }) => ({
    name,
    by: [
      ...variables.filter((variable) => env[variable]),
      ...files.filter((file) =>
        existsSync(file.startsWith("/") ? file : resolve(join(root, file))),
      ),
    ],
  })).filter(({ by }) => by.length > 0);
}
