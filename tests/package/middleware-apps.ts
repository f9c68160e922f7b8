import type { MiddlewareApp } from "./middleware-apps/app.ts";
import { authJs, authJsCall, nextAuth4 } from "./middleware-apps/auth-js.ts";
import { betterAuth } from "./middleware-apps/better-auth.ts";
import { clerk } from "./middleware-apps/clerk.ts";
import { nextIntl } from "./middleware-apps/next-intl.ts";
import { supabase } from "./middleware-apps/supabase.ts";

/** Apps with their own middleware, as in the documentation of its library. */
export const MIDDLEWARE_APPS: readonly MiddlewareApp[] = [
  nextIntl,
  clerk,
  authJs,
  authJsCall,
  nextAuth4,
  betterAuth,
  supabase,
];
