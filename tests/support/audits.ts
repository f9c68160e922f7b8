import { rmSync } from "node:fs";
import { join } from "node:path";
import { auditProject } from "#lib/audit/audit";
import { importPolicy } from "#lib/cli/check";
import { type Project, writeProject } from "./audit-project.ts";
import { scope } from "./scope.ts";

export const GET = "export function GET() {}";

/** Returns a rule of ten requests per minute. */
export function rule(match: string | readonly string[], more: object = {}) {
  return { match, limits: { ip: "10 per minute" }, ...more };
}

/** Returns functions that write a project and audit it. The project is removed after the test. */
export function audits() {
  const cleanUp = scope();
  const project = (given: Project): string =>
    cleanUp(writeProject(given), (it) => rmSync(it, { recursive: true, force: true }));
  const auditAt = async (root: string) =>
    auditProject(root, await importPolicy(join(root, "config", "rate-limits.mjs")));
  const audit = (given: Project) => auditAt(project(given));
  /** Returns the failures: the code, the subject, and the given value. */
  const failuresOf = async (given: Project): Promise<readonly string[]> => {
    const { failures } = await audit(given);
    return failures.map(({ code, what, given }) => `${code} ${what[1]}: ${given}`);
  };
  const rowsOf = async (given: Project) => {
    const { routes } = await audit(given);
    return routes.map(({ route, covers }) => ({
      path: route.path,
      kind: route.kind,
      covers: covers.map(({ methods, rules, exempt }) => [methods.join(" "), ...rules, ...exempt]),
    }));
  };
  return { project, auditAt, audit, failuresOf, rowsOf };
}
