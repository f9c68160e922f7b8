import { rmSync } from "node:fs";
import { join } from "node:path";
import { importPolicy } from "#lib/cli/check";
import { controlKeys } from "#lib/control/keys";
import { live as follow } from "#lib/control/live";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { keyNames } from "#lib/redis/keys";
import { type Env, makeAppFolder } from "./command.ts";
import { liveStore } from "./live-store.ts";
import { scope } from "./scope.ts";

const POLICY = `export default {
  identities: { user: ({ headers }) => headers.get("x-user") ?? undefined },
  rules: {
    search: { match: "/api/search", limits: { "user|ip": "3 per day" } },
    trial: { match: "/api/trial", limits: { ip: "9 per hour", global: "900 per day" } },
  },
};
`;

const GATE = `import { createHeadgate, fromEnv } from "headgate";
import { live } from "headgate/live";
import policy from "./config/rate-limits";
export const gate = createHeadgate(policy, () => ({ ...fromEnv(), live }));
`;

export const SECRET = "a secret of the tests, long enough";

interface Sent {
  readonly ip?: string;
  readonly user?: string;
}

/** Makes apps that the commands of the control document change, on a store for all tests of a file. */
export function controlCommandApps() {
  const live = liveStore();
  const cleanUp = scope();

  /** Writes the folder of an app. It is removed after the test. */
  function project(files: Readonly<Record<string, string>> = {}): string {
    const root = makeAppFolder({
      "config/rate-limits.ts": POLICY,
      "gate.ts": GATE,
      "proxy.ts": 'import { gate } from "./gate";\nexport default gate.middleware;\n',
      ...files,
    });
    return cleanUp(root, (it) => rmSync(it, { recursive: true }));
  }

  /** Returns the environment of an app with a separate namespace in the store. */
  function envOf(namespace: string, more: Env = {}): Env {
    return {
      UPSTASH_REDIS_REST_URL: live.store.url,
      UPSTASH_REDIS_REST_TOKEN: live.store.token,
      HEADGATE_SECRET: SECRET,
      HEADGATE_NAMESPACE: namespace,
      TZ: "UTC",
      ...more,
    };
  }

  /** Returns the ids of the entries that the store holds in a namespace. */
  function idsIn(namespace: string): Promise<string[]> {
    return live.direct.hkeys(controlKeys(keyNames(namespace)).entries);
  }

  return { live, cleanUp, project, envOf, idsIn };
}

/** Starts an app. Its gate follows the control document, as in another process than the commands. */
export async function appOf(root: string, env: Env) {
  const policy = await importPolicy(join(root, "config", "rate-limits.ts"));
  const { missing: _, ...settings } = fromEnv({
    HEADGATE_APP: "shop",
    HEADGATE_STORE_DEADLINE_MS: "10000",
    NODE_ENV: "production",
    CLIENT_IP_FROM: "hops:1",
    ...env,
  });
  const gate = createHeadgate(policy, { ...settings, onEvent: [], live: follow });
  const send = async ({ ip = "203.0.113.7", user }: Sent = {}) => {
    const headers = { "x-forwarded-for": ip, ...(user !== undefined && { "x-user": user }) };
    const request = new Request("https://shop.example/api/search", { headers });
    const work: Promise<unknown>[] = [];
    const event = { waitUntil: (each: Promise<unknown>) => void work.push(each) };
    const { status } = await gate.middleware(request, event);
    await Promise.all(work);
    return status;
  };
  return { gate, send };
}

/** Returns the output for people, without client keys and times. */
export function shown(stdout: string): string {
  return stdout
    .replaceAll(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, "AT")
    .replaceAll(/(?<![\w-])[\w-]{22}(?![\w-])/g, "KEY")
    .replaceAll(/ {2,}(?=\S)/g, "  ");
}

/** The options of every change. */
export const TERMS = ["--for", "1h", "--reason", "a flood of logins", "--by", "ada"];
