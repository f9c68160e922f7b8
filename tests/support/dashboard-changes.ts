import { expect } from "vitest";
import { createDashboard, type DashboardOptions } from "#lib/dashboard/index";
import type { ControlNow } from "#lib/dashboard/model";
import type { Problem } from "#lib/respond/problem";
import type { ControlledGate } from "./controlled.ts";
import { openLive } from "./dashboard.ts";

/** The headers of a change that the page sends. */
export const OWN = { "sec-fetch-site": "same-origin", "content-type": "application/json" };
export const BLOCK = { action: "block", client: "203.0.113.0/24", for: "1h", reason: "a flood" };
export const ADA: DashboardOptions = { authorize: () => true, admin: () => "ada" };

/** Makes a dashboard without a server. */
export function dashboardOf(gate: ControlledGate, options: DashboardOptions = ADA) {
  const handler = createDashboard(gate, options);
  const at = (path: string, init?: RequestInit) =>
    handler(new Request(`https://app.example/ops/${path}`, init), {
      params: Promise.resolve({ path: [path] }),
    });
  const post = (body: unknown, headers: Readonly<Record<string, string>> = OWN) =>
    at("changes.json", { method: "POST", headers, body: asText(body) });
  return { at, post, open: () => openLive((init) => at("live.sse", init)) };
}

function asText(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

export async function problemIn(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  return (await response.json()) as Problem;
}

/** Returns the next event of a name in a stream. */
export async function nextControl(
  stream: Awaited<ReturnType<typeof openLive>>,
  meets: (control: ControlNow) => boolean = () => true,
): Promise<ControlNow> {
  for (;;) {
    const event = await stream.next();
    if (!event) throw new Error("The stream has ended.");
    if (event.event === "control" && meets(event.data as ControlNow)) {
      return event.data as ControlNow;
    }
  }
}
