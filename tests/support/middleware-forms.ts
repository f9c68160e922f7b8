import { COMMONJS } from "./middleware-forms/commonjs.ts";
import { CONFIGS } from "./middleware-forms/configs.ts";
import { DEFAULT_VALUES } from "./middleware-forms/default-values.ts";
import { EXPORT_LISTS } from "./middleware-forms/export-lists.ts";
import { FUNCTIONS } from "./middleware-forms/functions.ts";
import { SEVERAL_EXPORTS } from "./middleware-forms/several-exports.ts";
import type { MiddlewareForm } from "./middleware-forms/form.ts";

/**
 * The app's own middleware comes from `./own`. With a matcher it runs on /mine and below, and without a
 * matcher on all paths.
 */
export const MIDDLEWARE_FORMS: readonly MiddlewareForm[] = [
  ...FUNCTIONS,
  ...DEFAULT_VALUES,
  ...EXPORT_LISTS,
  ...COMMONJS,
  ...SEVERAL_EXPORTS,
  ...CONFIGS,
];
