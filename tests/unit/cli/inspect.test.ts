import { expect, test } from "vitest";
import { renderInspection } from "#lib/cli/inspect/render";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { inspectClient } from "#lib/inspect";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { definePolicy } from "#lib/policy/define";

const POLICY = definePolicy({
  identities: { user: "from-code", plan: "from-code" },
  rules: {
    pages: { match: "/pages/:path*", limits: { "user|ip": "9 per day" } },
  },
});

const gate = createHeadgate(POLICY, {
  ...fromEnv({ NODE_ENV: "development" }),
  limitStore: () => new MemoryLimits(),
  onEvent: [],
});

test("inspect names the subject of a limit that it cannot look up", async () => {
  const inspection = await inspectClient(gate, { identities: { plan: "pro" } });
  const [unknown] = inspection.unknown;
  expect(unknown).toEqual({ rule: "pages", name: "pages:user|ip:day", subject: "user|ip" });
});

test("renderInspection reads the subject of such a limit from the limit, and not from its name", async () => {
  const inspection = await inspectClient(gate, { identities: { plan: "pro" } });
  const name = "pages:prefetch:user|ip:day";
  const unknown = [{ rule: "pages:prefetch", name, subject: "user|ip" }];
  expect(renderInspection({ ...inspection, unknown }, () => undefined)).toContain(
    `unknown  ${name} counts user|ip, or the address of a client without it; none was given: use --identity user=… or --ip`,
  );
});
