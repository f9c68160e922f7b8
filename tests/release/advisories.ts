import { readFileSync } from "node:fs";

/** A package of a lockfile. */
export interface Locked {
  readonly name: string;
  readonly version: string;
  /** True if the package is also in an app that installs headgate, or in the built sample. */
  readonly isShipped: boolean;
}

/** A package with the advisories for its version. */
export interface Affected extends Locked {
  readonly advisories: readonly string[];
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
}

interface Batch {
  readonly results?: readonly { readonly vulns?: readonly { readonly id: string }[] }[];
}

/** The most packages in one request: https://google.github.io/osv.dev/post-v1-querybatch/. */
const BATCH = 1000;
const TIMEOUT_MS = 30_000;

/** Reads every package of a package-lock.json once per version, without the packages of the tree itself. */
export function lockedPackages(file: string): Locked[] {
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  const found = new Map<string, Locked>();
  for (const [path, { name: given, version, link, dev = false }] of Object.entries(packages)) {
    const name = given ?? path.split("node_modules/").at(-1) ?? "";
    if (!path.includes("node_modules/") || link || version === undefined) continue;
    const id = `${name}@${version}`;
    found.set(id, { name, version, isShipped: !dev || found.get(id)?.isShipped === true });
  }
  return [...found.values()];
}

/**
 * Queries an advisory list with OSV's API for the advisories of packages.
 *
 * @param url the list's origin, such as https://api.osv.dev
 * @throws {Error} when the list does not answer, or answers in another form
 */
export async function advisoriesOf(packages: readonly Locked[], url: string): Promise<Affected[]> {
  const affected: Affected[] = [];
  for (let from = 0; from < packages.length; from += BATCH) {
    const asked = packages.slice(from, from + BATCH);
    const { results = [] } = await ask(asked, url);
    if (results.length !== asked.length) {
      throw new Error(`${results.length} answers to ${asked.length} packages.`);
    }
    asked.forEach((one, i) => {
      const advisories = (results[i]?.vulns ?? []).map(({ id }) => id);
      if (advisories.length > 0) affected.push({ ...one, advisories });
    });
  }
  return affected;
}

async function ask(packages: readonly Locked[], url: string): Promise<Batch> {
  const queries = packages.map(({ name, version }) => ({
    package: { name, ecosystem: "npm" },
    version,
  }));
  const response = await fetch(new URL("/v1/querybatch", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ queries }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The status is ${response.status}.`);
  return (await response.json()) as Batch;
}
