import { HeadgateError } from "./errors.ts";
import { STAND_IN } from "./installed.ts";

/** The optional packages, each with the entries and commands that need it. */
const NEEDED_FOR = {
  "@upstash/ratelimit": "headgate/upstash",
  "@upstash/redis": "redisOf of headgate/redis, headgate/upstash, and the client of headgate/tcp",
  ioredis:
    "headgate/tcp, headgate/gateway, and a server in front of REDIS_URL or of a redis-server",
  next: "headgate/server, headgate start and headgate dev",
  wasmoon: "the embedded store",
} as const;

export type OptionalPackage = keyof typeof NEEDED_FOR;

/**
 * Makes the stand-in for a function or class of a package that is not installed: calling it throws. The
 * build of the package `headgate` inserts it.
 *
 * @example
 * const Redis = found.Redis ?? standInFor("ioredis");
 */
export function standInFor(name: OptionalPackage): () => never {
  const standIn = function (): never {
    throw packageMissing(name);
  };
  return Object.assign(standIn, { [STAND_IN]: true });
}

/**
 * Makes the error for a package that is not installed.
 *
 * @example
 * throw packageMissing("wasmoon");
 */
export function packageMissing(name: OptionalPackage, cause?: unknown): HeadgateError {
  const message = `The package ${name} is not installed, or too old. It is needed for ${NEEDED_FOR[name]}: npm install ${name}@latest`;
  return new HeadgateError("PACKAGE_MISSING", message, { cause });
}
