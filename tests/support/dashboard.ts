import type { Gate } from "#lib/create";
import { createDashboard } from "#lib/dashboard/index";
import type { History, Snapshot } from "#lib/dashboard/model";
import type { AnyPolicy } from "#lib/policy/define";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";

/** An event of a stream. */
export interface LiveEvent {
  readonly event: string | undefined;
  readonly data: unknown;
}

/** The stream of a page. */
export interface LiveStream {
  readonly response: Response;
  /** Returns the next snapshot that meets a condition. */
  readonly snapshot: (meets?: (snapshot: Snapshot) => boolean) => Promise<Snapshot>;
  /** Returns the next event, or undefined at the end. */
  readonly next: () => Promise<LiveEvent | undefined>;
  readonly history: () => History | undefined;
  readonly close: () => void;
}

/** Opens a stream like a page, with a function that sends the request. */
export async function openLive(
  send: (init: RequestInit) => Promise<Response>,
): Promise<LiveStream> {
  const client = new AbortController();
  const response = await send({ signal: client.signal });
  const reader = messagesOf(response).getReader();
  let history: History | undefined;
  const next = async () => {
    const { value } = await reader.read();
    if (!value) return undefined;
    const data: unknown = JSON.parse(value.data);
    if (value.event === "history") history = data as History;
    return { event: value.event, data };
  };
  return {
    response,
    next,
    history: () => history,
    close: () => {
      client.abort();
      reader.cancel().catch(() => {});
    },
    async snapshot(meets = () => true) {
      for (;;) {
        const one = await next();
        if (!one) throw new Error("The stream has ended.");
        if (one.event === "snapshot" && meets(one.data as Snapshot)) return one.data as Snapshot;
      }
    },
  };
}

function messagesOf({ body }: Response): ReadableStream<EventSourceMessage> {
  if (!body) throw new Error("The response has no body.");
  const text = body.pipeThrough<string>(new TextDecoderStream());
  return text.pipeThrough(new EventSourceParserStream());
}

/** Makes the dashboard of a gate without authorization, and a function that opens its stream without a server. */
export function openDashboard<P extends AnyPolicy>(gate: Gate<P>) {
  const handler = createDashboard(gate, { authorize: () => true });
  const at = (path: string, init?: RequestInit) =>
    handler(new Request(`http://app.example${path}`, init), { params: Promise.resolve({}) });
  return { handler, at, open: () => openLive((init) => at("/headgate/live.sse", init)) };
}
