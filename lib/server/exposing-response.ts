import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
  validateHeaderValue,
} from "node:http";

const EXPOSE = "access-control-expose-headers";

type Value = number | string | readonly string[];
type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * A response that collects the names of every Access-Control-Expose-Headers, and writes them as one header with
 * the head. Next drops a handler's header when middleware has set one of the same name. Next finds no such
 * header here, since it is written with the head only.
 */
export class ExposingResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  /** The names in their first spelling, by their lower case. */
  readonly #names = new Map<string, string>();

  override setHeader(name: string, value: Value): this {
    return this.#isCollected(name) ? this.#collect(value) : super.setHeader(name, value);
  }

  override appendHeader(name: string, value: string | readonly string[]): this {
    return this.#isCollected(name) ? this.#collect(value) : super.appendHeader(name, value);
  }

  override removeHeader(name: string): void {
    if (this.#isCollected(name)) this.#names.clear();
    super.removeHeader(name);
  }

  override writeHead(status: number, message?: string, headers?: Headers): this;
  override writeHead(status: number, headers?: Headers): this;
  override writeHead(status: number, second?: string | Headers, third?: Headers): this {
    const [message, given] = typeof second === "string" ? [second, third] : [undefined, second];
    const headers = this.headersSent ? given : this.#takenFrom(given ?? third);
    if (!this.headersSent && this.#names.size > 0) {
      super.setHeader(EXPOSE, [...this.#names.values()].join(", "));
    }
    return message === undefined
      ? super.writeHead(status, headers)
      : super.writeHead(status, message, headers);
  }

  #isCollected(name: unknown): boolean {
    return isExpose(name) && !this.headersSent;
  }

  #collect(value: Value): this {
    for (const line of [value].flat()) {
      // Throws for undefined too, as Node does.
      validateHeaderValue(EXPOSE, line as string);
      for (const name of String(line)
        .split(",")
        .map((part) => part.trim())) {
        const key = name.toLowerCase();
        if (name !== "" && !this.#names.has(key)) this.#names.set(key, name);
      }
    }
    return this;
  }

  /** Collects the names from headers that are given with the head, and returns the other headers. */
  #takenFrom(headers: Headers | undefined): Headers | undefined {
    if (headers === undefined) return undefined;
    const flat = Array.isArray(headers);
    const pairs = flat ? pairsOf(headers) : Object.entries(headers);
    const isOther = ([name, value]: Pair) => {
      if (!isExpose(name) || value === undefined) return true;
      this.#collect(value);
      return false;
    };
    const others = pairs.filter(isOther);
    if (others.length === pairs.length) return headers;
    return flat ? (others.flat() as OutgoingHttpHeader[]) : Object.fromEntries(others);
  }
}

type Pair = readonly [name: unknown, value: OutgoingHttpHeader | undefined];

/** Returns the pairs of a list in which names and values alternate, as Node accepts it. */
function pairsOf(headers: OutgoingHttpHeader[]): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
  return pairs;
}

function isExpose(name: unknown): boolean {
  return typeof name === "string" && name.toLowerCase() === EXPOSE;
}
