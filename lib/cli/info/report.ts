import type { Variables } from "#lib/core/settings";
import { type AddressInfo, findAddress } from "./address.ts";
import { type AppForm, findAppForm } from "./app-form.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { type FoundPlace, findPlaces } from "./places.ts";
import { findPolicy, type PolicyInfo } from "./policy.ts";
import { readManifest } from "./read-manifest.ts";
import { redactor } from "./redact.ts";
import { findStore, type StoreInfo } from "./store.ts";
import { findVersions, type Versions } from "./versions.ts";
import { findWarnings } from "./warnings.ts";

/** What a bug report needs to know about an app. It contains no secret. */
export interface InfoReport {
  /** The version of this format. It is raised when a field is removed or changes its meaning. */
  readonly format: 1;
  readonly versions: Versions;
  readonly places: readonly FoundPlace[];
  readonly app: AppForm & {
    /** What is wrong with package.json; null when it is valid. */
    readonly problem: string | null;
  };
  readonly environment: Environment;
  readonly store: StoreInfo;
  readonly address: AddressInfo;
  readonly policy: PolicyInfo;
  readonly warnings: readonly string[];
}

/** The options of a report. */
export interface InfoOptions {
  /** The app's folder. */
  readonly root: string;
  /** The variables of the process. */
  readonly env: Variables;
  /** The complete path of the policy file; undefined for the app's own policy. */
  readonly policy: string | undefined;
  /** True when the store is sent one PING. */
  readonly pingsStore: boolean;
}

/** Makes the report of an app. It never throws: the report itself says what is broken or missing. */
export async function makeReport(options: InfoOptions): Promise<InfoReport> {
  const { root, policy, pingsStore } = options;
  const { manifest, problem = null } = readManifest(root);
  const { report: environment, env, secrets } = readEnvironment(root, options.env);
  const places = findPlaces(root, env);
  const name = typeof manifest.name === "string" ? manifest.name : undefined;
  const redact = redactor(secrets);
  return {
    format: 1,
    versions: findVersions(root, manifest),
    places,
    app: { ...findAppForm(root), problem },
    environment,
    store: await findStore(env, pingsStore),
    address: findAddress(env, places),
    policy: await findPolicy(root, policy, redact),
    warnings: findWarnings(env, { mode: environment.mode, name }).map(redact),
  };
}
