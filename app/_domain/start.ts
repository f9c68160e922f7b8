import { scriptStore } from "#app/_domain/store/scripts";
import { environment } from "#config/env";
import { HeadgateError } from "#lib/core/errors";

/** Ends the process where its environment cannot be used, and says what is wrong with it. */
export function checkEnvironment(): void {
  try {
    environment();
    // The middleware reaches its store by REST; what cannot be reached so is said now too.
    scriptStore();
  } catch (error) {
    console.error(error instanceof HeadgateError ? `${error.code}: ${error.message}` : error);
    process.exit(1);
  }
}
