/** Bytes that share their memory with no other array, by a type that TypeScript 5.4 has too, where Uint8Array has no parameter. */
type OwnBytes = ReturnType<TextEncoder["encode"]>;

/**
 * Returns a stream's bytes, or undefined, with the rest unread, when they are more than `max` bytes.
 *
 * @throws whatever the stream breaks off with; {TypeError} for what is no bytes
 * @example
 * const bytes = request.body ? await readUpTo(request.body, 64 * 1024) : new Uint8Array();
 */
export async function readUpTo(
  stream: ReadableStream<Uint8Array>,
  max: number,
): Promise<OwnBytes | undefined> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return join(chunks, size);
    // Its type says so; whoever made the stream need not have.
    if (!(value instanceof Uint8Array)) throw new TypeError("A stream's chunk is no bytes.");
    size += value.length;
    if (size > max) {
      // Not awaited: of a copy, it ends when the other one is read.
      reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
}

function join(chunks: readonly Uint8Array[], size: number): OwnBytes {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
