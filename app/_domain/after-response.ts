/**
 * Holds the instance of a handler until work is done that follows its response. The middleware holds its
 * instance by itself, and must not load `next/server` at the edge for it: Next writes NEXT_RUNTIME into
 * the code at build.
 */
export async function afterResponse(work: Promise<void>): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { after } = await import("next/server");
  after(work);
}
