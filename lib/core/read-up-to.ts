/** A Uint8Array with its own memory. TypeScript 5.4 must know the type, and has no `Uint8Array<ArrayBuffer>`. */
type OwnBytes = ReturnType<TextEncoder["encode"]>;

/**
 * Returns a stream's bytes; undefined, with the rest unread, when there are more than `max` bytes.
 *
 * @throws the error of the stream; {TypeError} for a chunk that is no Uint8Array
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
    // The type promises bytes, but the maker of the stream may not have followed it.
    if (!(value instanceof Uint8Array)) throw new TypeError("A stream's chunk is no bytes.");
    size += value.length;
    if (size > max) {
      // Not awaited: on one branch of a tee it resolves only after the other branch is read.
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
