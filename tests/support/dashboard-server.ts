import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { History } from "#lib/dashboard/model";
import { SCRIPT, SCRIPT_NAME, STYLE, STYLE_NAME } from "#lib/dashboard/assets";
import { policyOf } from "#lib/dashboard/answers";
import { ICON, ICON_NAME } from "#lib/dashboard/icon";
import { pageHtml } from "#lib/dashboard/page-html";
import { CLIENT_KEY, lookedUpAt } from "./dashboard-control.ts";

/** The data of a stream: a snapshot of any form, and a history. */
export interface Script {
  /** The status of a stream. With any other than 200 the request ends. */
  status: number;
  /** Called for each snapshot. */
  snapshot: (now: number) => unknown;
  history: ((now: number) => History) | undefined;
  /** Sent when a stream begins. Absent if the control entries have not been read yet. */
  control?: (now: number) => unknown;
}

/** Frequent snapshots save tests the wait of a second. */
const PERIOD_MS = 200;

const NONCE = "dGVzdC1ub25jZQ";
const CSP = policyOf(NONCE);

/** A server of the dashboard's page under `/shop/` that sends scripted data. */
export class DashboardServer {
  readonly script: Script;
  #server: Server;
  readonly #streams = new Set<ServerResponse>();
  #port = 0;
  /** The number of all opened streams. */
  opened = 0;

  constructor(script: Omit<Script, "status">) {
    this.script = { status: 200, ...script };
    this.#server = this.#make();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/shop/dashboard`;
  }

  /** The number of open streams. */
  get streaming(): number {
    return this.#streams.size;
  }

  /** Listens. After `stop` it uses the same port again. */
  async start(): Promise<this> {
    this.#server = this.#make();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Ends all streams with the event of an orderly end. */
  endStreams(): void {
    for (const stream of this.#streams) {
      stream.write("event: end\ndata: {}\n\n");
      stream.end();
    }
  }

  #make(): Server {
    return createServer((request, response) => this.#answer(request, response));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const send = (type: string, text: string): void => {
      response.writeHead(200, { "Content-Type": type });
      response.end(text);
    };
    switch (request.url ?? "") {
      case "/shop/dashboard":
        response.setHeader("Content-Security-Policy", CSP);
        return send(
          "text/html",
          pageHtml({ base: "dashboard/", nonce: NONCE, csp: CSP, title: "Headgate" }),
        );
      case `/shop/dashboard/${SCRIPT_NAME}`:
        return send("text/javascript", SCRIPT);
      case `/shop/dashboard/${STYLE_NAME}`:
        return send("text/css", STYLE);
      case "/shop/dashboard/live.sse":
        return this.#stream(response);
      case `/shop/dashboard/client.json?key=${CLIENT_KEY}`:
        return send("application/json", JSON.stringify(lookedUpAt(Date.now())));
      case `/shop/dashboard/${ICON_NAME}`:
        return send("image/svg+xml", ICON);
      default:
        response.writeHead(404).end();
    }
  }

  #stream(response: ServerResponse): void {
    this.opened++;
    const { script } = this;
    if (script.status !== 200) {
      response.writeHead(script.status).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const send = (event: string, data: unknown): void => {
      if (data !== undefined) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    send("history", script.history?.(Date.now()));
    send("control", script.control?.(Date.now()));
    const tell = (): void => send("snapshot", script.snapshot(Date.now()));
    tell();
    const timer = setInterval(tell, PERIOD_MS);
    this.#streams.add(response);
    response.on("close", () => {
      clearInterval(timer);
      this.#streams.delete(response);
    });
  }
}
