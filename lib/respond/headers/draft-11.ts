import type { HeaderFormat } from "./format.ts";
import { STRUCTURED, structured } from "./structured.ts";

/** draft-ietf-httpapi-ratelimit-headers-11. */
export const DRAFT_11: HeaderFormat<"draft-11", boolean> = {
  name: "draft-11",
  headers: STRUCTURED,
  writtenFor: [false, true],
  write: structured({ quota: "q", window: "w", remaining: "r", reset: "t" }),
};

/** @public The table in docs/reference/headers.md reads it by the file's name. */
export const WORDS =
  "each limit by its name: `q` units in `w` seconds, of which `r` are left, and more after `t` seconds";
