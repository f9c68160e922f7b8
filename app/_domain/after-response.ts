/**
 * Keeps the instance of a handler alive until work after its response is done. The middleware keeps its
 * instance alive in another way and must not load `next/server` at the edge; Next replaces NEXT_RUNTIME
 * by its value at build.
 */
export async function afterResponse(work: Promise<void>): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { after } = await import("next/server");
  after(work);
}
