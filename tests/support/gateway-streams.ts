import { expect, vi } from "vitest";
import type { Gateway } from "#lib/gateway/server";
import { type EventStream, openEventStream } from "./event-streams.ts";
import { scope } from "./scope.ts";

export const token = "a-token-of-the-tests";

/** Returns functions that open streams of a gateway, for the tests of a file. The streams end after each test. */
export function gatewayStreams() {
  const cleanUp = scope();

  const open = ({ port }: Gateway, path: string) =>
    cleanUp(openEventStream(port, token, path), ({ socket }) => socket.destroy());

  /** Opens a stream, and waits until the store has confirmed the subscription. */
  async function opened(gateway: Gateway, path: string): Promise<EventStream> {
    const stream = open(gateway, path);
    await expect.poll(() => stream.data()).toHaveLength(1);
    return stream;
  }

  /** Returns the status of a stream's response. */
  async function statusOf(gateway: Gateway, path: string): Promise<number | undefined> {
    const stream = open(gateway, path);
    await vi.waitUntil(() => stream.status() !== undefined);
    return stream.status();
  }
  return { open, opened, statusOf };
}

/** Sends a command to a gateway. */
export async function sendCommand({ url }: Gateway, command: readonly unknown[]) {
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify(command);
  const response = await fetch(url, { method: "POST", headers, body });
  return { status: response.status, answer: (await response.json()) as unknown };
}
