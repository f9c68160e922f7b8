import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importPolicy } from "#lib/cli/check";
import type { AnyPolicy } from "#lib/policy/define";
import { ROOT } from "../app.ts";
import { writeFilesOf } from "../page-files.ts";
import { blocksOf, readersPages } from "../snippets.ts";

/** A folder with a policy, in which commands of a page run. */
export interface Project {
  readonly folder: string;
  readonly policy: AnyPolicy;
  /** The namespace of its keys in the store. */
  readonly namespace: string;
}

const POLICY = "config/rate-limits.ts";

/** Finds the folder for each command of the pages: the app that the page shows, or the sample. */
export class Projects {
  readonly #folder: string;
  readonly #shown = new Map<string, Project>();
  readonly #pages = readersPages().filter(showsPolicy);

  /** @param folder holds the apps of the pages, and the package that they use */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Resolves to the app that a page shows, and to undefined for a page without a whole policy. */
  async of(page: string): Promise<Project | undefined> {
    if (!this.#pages.includes(page)) return undefined;
    const known = this.#shown.get(page);
    if (known) return known;
    const namespace = `shown${this.#shown.size + 1}`;
    const folder = join(this.#folder, namespace);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "name": "shop" }\n');
    writeFilesOf(page.replace(/^docs\//, ""), folder);
    const policy = await importPolicy(join(folder, POLICY));
    const project = { folder, policy, namespace };
    this.#shown.set(page, project);
    return project;
  }

  /**
   * Resolves to the project whose policy has the rules and identities that a command names: the page's own,
   * the sample, or one of another page.
   */
  async for(page: string, command: string): Promise<Project> {
    const own = await this.of(page);
    if (own && fits(own.policy, command)) return own;
    const sample = await theSample();
    if (fits(sample.policy, command)) return sample;
    for (const other of this.#pages) {
      const project = await this.of(other);
      if (project && fits(project.policy, command)) return project;
    }
    return own ?? sample;
  }
}

/** The namespace of the sample's keys. */
export const SAMPLE = "sample";

async function theSample(): Promise<Project> {
  return { folder: ROOT, policy: await importPolicy(join(ROOT, POLICY)), namespace: SAMPLE };
}

/** Returns true for a page that shows a whole policy. The README shows a part of the sample's. */
function showsPolicy(page: string): boolean {
  const code = blocksOf(page).find(({ code }) => code.startsWith(`// ${POLICY}\n`))?.code;
  return code !== undefined && page.startsWith("docs/") && !code.includes('from "#');
}

function fits({ rules, identities = {} }: AnyPolicy, command: string): boolean {
  const values = (option: string) =>
    [...command.matchAll(RegExp(`--${option}[ =]"?([\\w-]+)`, "g"))].map(([, word = ""]) => word);
  const named = [...(command.includes(" --user ") ? ["user"] : []), ...values("identity")];
  return (
    values("rule").every((rule) => Object.hasOwn(rules, rule)) &&
    named.every((identity) => Object.hasOwn(identities, identity))
  );
}
