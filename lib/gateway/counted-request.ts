import { IncomingMessage, type ServerResponse } from "node:http";
import { GRACE_BYTES } from "./lingering-close.ts";
import { atMost, endWith } from "./own-answer.ts";

/** A request that counts its body as it arrives, before anyone has read or kept it. */
export class CountedRequest extends IncomingMessage {
  #bytes = 0;
  #most = Number.POSITIVE_INFINITY;
  #response: ServerResponse | undefined;
  #keepAlive = false;
  #tooLarge = () => {};

  /**
   * Ends the connection with 413 once the body is larger than `most` bytes, announced or not, and
   * calls `tooLarge`. An answer that is written while too much of the body is missing announces that
   * the connection ends.
   */
  bound(most: number, response: ServerResponse, tooLarge: () => void): void {
    this.#most = most;
    this.#response = response;
    this.#keepAlive = response.shouldKeepAlive;
    this.#tooLarge = tooLarge;
    response.shouldKeepAlive &&= this.#mayComeWhole();
  }

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    this.#bytes += chunk?.length ?? 0;
    const response = this.#response;
    if (response) response.shouldKeepAlive = this.#keepAlive && this.#mayComeWhole();
    if (this.#bytes <= this.#most) return super.push(chunk, encoding);
    // The connection ends after the answer.
    if (response?.writableEnded) return false;
    this.#tooLarge();
    this.#tooLarge = () => {};
    // An answer that has begun, or that others wait before, can only break off.
    if (response?.socket && !response.headersSent) endWith(this.socket, 413, atMost(this.#most));
    else this.socket.destroy();
    return false;
  }

  /** Whether the client sends its body, and the rest of it is small enough to be read and dropped. */
  #mayComeWhole(): boolean {
    if (this.complete) return true;
    const rest = Number(this.headers["content-length"] ?? 0) - this.#bytes;
    return rest <= GRACE_BYTES && (this.headers.expect === undefined || this.#bytes > 0);
  }
}
