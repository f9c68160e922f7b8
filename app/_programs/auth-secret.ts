import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "headgate";

/** Whose secret signs tokens, for the person who started the server. */
export interface AuthSecret {
  readonly secret: string;
  readonly line: string;
}

/**
 * The secret that signs users' tokens: AUTH_SECRET, else one that this machine makes once and keeps
 * in `.headgate/auth-secret`, readable by this user alone, so that a token that is printed here is
 * good here.
 *
 * @throws {HeadgateError} ENV_INVALID where the file is there and holds no secret
 */
export function authSecret(root: string, fromEnvironment: string | undefined): AuthSecret {
  if (fromEnvironment) return { secret: fromEnvironment, line: "signed in by AUTH_SECRET" };
  const file = join(root, ".headgate", "auth-secret");
  const line = "signed in by a secret of this machine (npm run token -- --help)";
  mkdirSync(join(root, ".headgate"), { recursive: true });
  try {
    // Of two that start at once, one makes it.
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const secret = readFileSync(file, "utf8").trim();
  if (secret.length >= 32) return { secret, line };
  throw new HeadgateError(
    "ENV_INVALID",
    ".headgate/auth-secret holds no secret of at least 32 characters: delete it, or set AUTH_SECRET.",
  );
}
