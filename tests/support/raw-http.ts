import { speak } from "./raw-client.ts";

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends one request byte by byte as it is given, so that no client tidies its path or headers, and
 * answers what comes until the server closes.
 *
 * @param target what stands between the method and the version; characters are bytes (Latin-1)
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

function parse(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const at = line.indexOf(":");
    headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  return { status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4) };
}
