import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Reads the files that Next reads for a mode, before Next does: what they name decides which store
 * is used. What the environment has already stays.
 */
export function loadEnvFiles(root: string, mode: "development" | "production"): void {
  for (const name of [`.env.${mode}.local`, ".env.local", `.env.${mode}`, ".env"]) {
    const file = join(root, name);
    if (existsSync(file)) process.loadEnvFile(file);
  }
}
