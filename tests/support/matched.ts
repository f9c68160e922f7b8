import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";
import type { CompiledPolicy } from "#lib/policy/types";
import { selected } from "./selected.ts";

/** A policy with exempt paths, a rule that replaces another, and a rule without a path. */
export const policy = compilePolicy(
  definePolicy({
    exempt: { "/api/health": "a probe", "/api/hooks/:path*": "signed" },
    rules: {
      api: { match: "/api/:path*", limits: { ip: "600 per minute" } },
      search: {
        match: "/api/search",
        methods: ["GET"],
        limits: { ip: ["10 per minute", "200 per day"] },
        onStoreFailure: "local",
      },
      user: {
        match: ["/api/users/:id", "/people/:id(\\d+)"],
        limits: { ip: "5 per minute" },
        onStoreFailure: "deny",
      },
      export: { match: "/api/export", replaces: "api", limits: { ip: "5 per hour" } },
      preflight: { match: "/cors", methods: ["OPTIONS"], limits: { ip: "5 per hour" } },
      code: { limits: { ip: "5 per hour" } },
    },
  }),
);

/** Returns the selected rules of a request, or undefined when no rule matches. */
export const setOf = (from: CompiledPolicy, method: string, path: string) =>
  selected(from.match(method, path));

/** Returns the names of the rules that {@link policy} has for a request. */
export const namesOf = (method: string, path: string) =>
  setOf(policy, method, path)?.rules.map(({ name }) => name) ?? [];
