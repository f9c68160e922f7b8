import { scriptStore } from "#app/_domain/store/scripts";
import { environment } from "#config/env";
import { HeadgateError } from "#lib/core/errors";

/**
 * Runs once, before the first request of a started server. What is wrong with the environment is said
 * now, and not to the first client; above all that nothing says where clients' addresses come from.
 * Next itself would go on, and answer every request with 500.
 */
export function register(): void {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  try {
    environment();
    // The middleware reaches its store by REST; what cannot be reached so is said now too.
    scriptStore();
  } catch (error) {
    console.error(error instanceof HeadgateError ? `${error.code}: ${error.message}` : error);
    process.exit(1);
  }
}
