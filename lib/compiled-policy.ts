/** The policy after its check, for pages and programs that show it. */
export { compilePolicy } from "#lib/policy/check/compile";
export { PolicyError, type PolicyProblem } from "#lib/policy/errors";
export type {
  Algorithm,
  CompiledLimit,
  CompiledPolicy,
  CompiledRule,
  CompiledTiers,
  OnStoreFailure,
  Subject,
} from "#lib/policy/types";
