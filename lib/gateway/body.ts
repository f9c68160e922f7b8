import type { IncomingMessage } from "node:http";
import { RequestError } from "./request-error.ts";

/**
 * Reads a whole body.
 *
 * @param most how many bytes are allowed
 * @throws {RequestError} 413 when the body is larger; when Content-Length announces it, before anything is
 *   read
 */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > most) throw tooLarge(most);
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const read = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) return void chunks.push(chunk);
      request.off("data", read);
      // After the answer the server reads some of the rest, and then closes the connection.
      request.pause();
      reject(tooLarge(most));
    };
    request.on("data", read);
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", reject);
  });
}

function tooLarge(most: number): RequestError {
  return new RequestError(413, `ERR the body is larger than ${most} bytes`);
}
