import { IncomingMessage, type ServerResponse } from "node:http";
import { atMost, endWith } from "./own-answer.ts";

/** A request that counts its body as it arrives, before anyone has read or kept it. */
export class CountedRequest extends IncomingMessage {
  #bytes = 0;
  #most = Number.POSITIVE_INFINITY;
  #response: ServerResponse | undefined;
  #tooLarge = () => {};

  /**
   * Ends the connection with 413 once the body is larger than `most` bytes, announced or not, and
   * calls `tooLarge`.
   */
  bound(most: number, response: ServerResponse, tooLarge: () => void): void {
    this.#most = most;
    this.#response = response;
    this.#tooLarge = tooLarge;
  }

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    this.#bytes += chunk?.length ?? 0;
    if (this.#bytes <= this.#most) return super.push(chunk, encoding);
    this.#tooLarge();
    this.#tooLarge = () => {};
    // An answer that has begun, or that others wait before, can only break off.
    if (this.#response?.socket && !this.#response.headersSent) {
      endWith(this.socket, 413, atMost(this.#most));
    } else this.socket.destroy();
    return false;
  }
}
