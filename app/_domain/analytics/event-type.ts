import * as z from "zod";

/** A type of event, as a page names it. */
export const eventType = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, "1 to 64 of a-z, 0-9 and _, a letter first");
