import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "headgate";

/** The secret that signs tokens, and a line about it for the person who starts the server. */
export interface AuthSecret {
  readonly secret: string;
  readonly line: string;
}

/**
 * Returns the secret that signs users' tokens: AUTH_SECRET, or a secret that this machine makes once
 * and stores in `.headgate/auth-secret`, which only this user can read. A token that is printed on this
 * machine is therefore valid for its servers.
 *
 * @throws {HeadgateError} ENV_INVALID when the file exists and holds no secret
 */
export function authSecret(root: string, fromEnvironment: string | undefined): AuthSecret {
  if (fromEnvironment) return { secret: fromEnvironment, line: "signed in by AUTH_SECRET" };
  const file = join(root, ".headgate", "auth-secret");
  const line = "signed in by a secret of this machine (npm run token -- --help)";
  mkdirSync(join(root, ".headgate"), { recursive: true });
  try {
    // When two processes start at once, only one writes the file.
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const secret = readFileSync(file, "utf8").trim();
  if (secret.length >= 32) return { secret, line };
  throw new HeadgateError(
    "ENV_INVALID",
    ".headgate/auth-secret must hold a secret of at least 32 characters. Delete the file, or set AUTH_SECRET.",
  );
}
