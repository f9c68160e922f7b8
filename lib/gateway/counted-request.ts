import { IncomingMessage, type ServerResponse } from "node:http";
import { GRACE_BYTES } from "./lingering-close.ts";
import { atMost, endWith } from "./own-answer.ts";

/** A request that counts its body as it arrives, before a handler reads it. */
export class CountedRequest extends IncomingMessage {
  #bytes = 0;
  #most = Number.POSITIVE_INFINITY;
  #response: ServerResponse | undefined;
  #keepAlive = false;
  #tooLarge = () => {};

  /**
   * Ends the connection with 413 and calls `tooLarge` when the body is larger than `most` bytes, with or
   * without a Content-Length. A response that is written while too much of the body is missing announces that
   * the connection closes.
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
    // The connection closes after the response.
    if (response?.writableEnded) return false;
    this.#tooLarge();
    this.#tooLarge = () => {};
    // A response that has begun, or waits behind others, can only be aborted.
    if (response?.socket && !response.headersSent) endWith(this.socket, 413, atMost(this.#most));
    else this.socket.destroy();
    return false;
  }

  /** Returns true when the client sends its body, and the rest is small enough to be read and dropped. */
  #mayComeWhole(): boolean {
    if (this.complete) return true;
    const rest = Number(this.headers["content-length"] ?? 0) - this.#bytes;
    return rest <= GRACE_BYTES && (this.headers.expect === undefined || this.#bytes > 0);
  }
}
