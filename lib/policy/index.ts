/** A policy as it is after its check: for pages and programs that show it. */
export { compilePolicy } from "./check/compile.ts";
export type {
  Algorithm,
  CompiledLimit,
  CompiledPolicy,
  CompiledRule,
  CompiledTiers,
  OnStoreFailure,
  Subject,
} from "./types.ts";
