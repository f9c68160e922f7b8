import { request } from "node:http";
import { text } from "node:stream/consumers";
import { speak } from "./raw-client.ts";

/** A response as received. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends one request exactly as given, without a client that normalizes its path or headers, and
 * resolves to the response when the server closes.
 *
 * @param target the text between the method and the version; characters are bytes (Latin-1)
 */
export async function sendRaw(
  url: string,
  method: string,
  target: string,
  headers: readonly string[] = [],
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...headers];
  return parse(await speak(Number(port), `${head.join("\r\n")}\r\n\r\n`, hostname));
}

/**
 * Does the same with Node's client, which sends the target as given and reads the response to its end. It is
 * for servers that keep a connection open although the client asks them to close it.
 */
export function sendExactly(
  url: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers, agent: false });
    sent.once("error", reject);
    sent.once("response", (answer) => {
      const given = new Headers();
      for (const [name, values] of Object.entries(answer.headersDistinct)) {
        for (const value of values ?? []) given.append(name, value);
      }
      text(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, headers: given, body }),
        reject,
      );
    });
    sent.end();
  });
}

function parse(answer: string): RawAnswer {
  const end = answer.indexOf("\r\n\r\n");
  const [first = "", ...lines] = answer.slice(0, end).split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const at = line.indexOf(":");
    headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  return { status: Number(first.split(" ")[1]), headers, body: answer.slice(end + 4) };
}
