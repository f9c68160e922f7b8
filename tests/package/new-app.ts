import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import type { TestStore } from "../support/gateway.ts";

/** Returns the files of docs/start/new-app.md, by path in the app. */
export function filesOfNewApp(): Readonly<Record<string, string>> {
  const page = readFileSync(join(ROOT, "docs", "start", "new-app.md"), "utf8");
  const blocks = page.matchAll(/^```tsx?\n\/\/ (\S+)\n(.*?)^```$/gms);
  return Object.fromEntries([...blocks].map(([, path = "", text = ""]) => [path, text]));
}

/** A layout without the fonts of create-next-app, which a build would fetch from the internet. */
export const LAYOUT = `export default function RootLayout({ children }: Readonly<{ children: React.ReactNode }>) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`;

/** Starts a built app by `next start` on a free port, with a store. */
export function startBuilt(
  app: string,
  store: TestStore,
  next = join(app, "node_modules", "next", "dist", "bin", "next"),
  more: Readonly<Record<string, string>> = {},
): Promise<RunningApp> {
  const env = { ...storeVariables(store), ...more };
  return startProgram([next, "start", "-p", "0", "-H", "localhost"], env, app);
}

/** The variables of an app with a store, behind one proxy. */
export function storeVariables(store: TestStore): Readonly<Record<string, string>> {
  return {
    PORT: "0",
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    CLIENT_IP_FROM: "hops:1",
    // The address of the store for an app that uses TCP.
    REDIS_OF_TEST: store.redis.url,
  };
}

let clients = 0;

/**
 * Sends the requests of docs/start/new-app.md as a client with a new address. Resolves to the statuses of
 * six requests, and to the limits that denied the third and the sixth.
 */
export async function askNewApp(url: string, addressHeader = "x-forwarded-for") {
  clients += 1;
  const headers = { [addressHeader]: `198.51.100.${clients}` };
  const answers: Response[] = [];
  for (let sent = 0; sent < 6; sent += 1) {
    answers.push(await fetch(`${url}/api/reports`, { method: "POST", headers }));
  }
  const denied = async (answer: Response | undefined) => {
    const problem: unknown = await answer?.json();
    return (problem as { readonly "violated-policies"?: unknown } | undefined)?.[
      "violated-policies"
    ];
  };
  return {
    statuses: answers.map(({ status }) => status),
    byHandler: await denied(answers[2]),
    byGate: await denied(answers[5]),
  };
}

/** The expected result of {@link askNewApp}. */
export const PROMISED = {
  statuses: [200, 200, 429, 429, 429, 429],
  byHandler: ["reports:ip:hour"],
  byGate: ["api:ip:minute"],
};
