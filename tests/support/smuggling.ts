/**
 * Requests that readers could parse as one or as two, by name, each with its required status. `head` is
 * the request line and the headers of a POST, without the empty line. `hidden` is the request that no
 * handler must receive.
 */
export function smuggled(
  head: string,
  hidden: string,
): [name: string, bytes: string, status: number][] {
  const headers = (lines: string) => `${head}${lines}\r\n\r\n`;
  const empty = `0\r\n\r\n${hidden}`;
  const four = `abcd${hidden}`;
  const chunked = (body: string) => `${headers("Transfer-Encoding: chunked")}${body}${hidden}`;
  const both: Record<string, string> = {
    "Content-Length, then Transfer-Encoding": `${headers("Content-Length: 4\r\nTransfer-Encoding: chunked")}${empty}`,
    "Transfer-Encoding, then Content-Length": `${headers("Transfer-Encoding: chunked\r\nContent-Length: 4")}${empty}`,
  };
  const lengths = Object.fromEntries(
    [
      "Content-Length: 4\r\nContent-Length: 5",
      "Content-Length: 4\r\nContent-Length: 4",
      "Content-Length: 4, 4",
      "Content-Length: -1",
      "Content-Length: +4",
      "Content-Length: 0x4",
      "Content-Length: 4 4",
      "Content-Length: 4.0",
      "Content-Length:",
      "Content-Length : 4",
      "Content-Length\t: 4",
      "Content-Length: 99999999999999999999999",
    ].map((lines) => [lines, headers(lines) + four]),
  );
  const codings = Object.fromEntries(
    [
      "Transfer-Encoding: identity",
      "Transfer-Encoding: xchunked",
      "Transfer-Encoding: chunked, identity",
      "Transfer-Encoding: identity, chunked",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: chunked, chunked",
      'Transfer-Encoding: "chunked"',
      "Transfer-Encoding: chunked;q=1",
      "Transfer-Encoding:",
      "Transfer-Encoding: \u000bchunked",
      "Transfer-Encoding: chunked\0",
      "Transfer-Encoding: chunked \t",
      "Transfer-Encoding : chunked",
      "Transfer-Encoding\t: chunked",
      "Transfer-Encoding:\r\n chunked",
      " Transfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
      "X: a\r\n Transfer-Encoding: chunked",
      "X: a\nTransfer-Encoding: chunked",
      "X: a\rTransfer-Encoding: chunked",
      "X: a\0b\r\nTransfer-Encoding: chunked",
      "X: a\u0001b\r\nTransfer-Encoding: chunked",
      "X\r\nTransfer-Encoding: chunked",
      ": a\r\nTransfer-Encoding: chunked",
    ].map((lines) => [lines, headers(lines) + empty]),
  );
  const chunks = Object.fromEntries(
    [
      "1;a\nz\r\n0\r\n\r\n",
      "1;a\rb\r\nz\r\n0\r\n\r\n",
      "10000000000000001\r\nz\r\n0\r\n\r\n",
      "fffffffffffffffff\r\nz\r\n0\r\n\r\n",
      "-1\r\nz\r\n0\r\n\r\n",
      "+1\r\nz\r\n0\r\n\r\n",
      "0x1\r\nz\r\n0\r\n\r\n",
      "1 \r\nz\r\n0\r\n\r\n",
      "\r\n1\r\nz\r\n0\r\n\r\n",
      "1\r\nzz\r\n0\r\n\r\n",
      "1\nz\n0\n\n",
      "0\r\nContent-Length: 50\r\n\r\n",
      "0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ].map((body) => [`a chunk: ${body}`, chunked(body)]),
  );
  const lines: Record<string, string> = {
    "line feeds alone": `${headers("X: a").replaceAll("\r\n", "\n")}${hidden}`,
    "headers that end in a line feed": `${head}X: a\r\n\n${hidden}`,
    "a chunked body in HTTP/1.0": `${headers("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0")}${empty}`,
    "two Hosts": `${headers("Host: other")}${hidden}`,
    "more after Connection: close": `${headers("Connection: close\r\nContent-Length: 0")}${hidden}`,
  };
  const all = { ...both, ...lengths, ...codings, ...chunks, ...lines };
  return [
    ...Object.entries(all).map(([name, bytes]) => [name, bytes, 400] as [string, string, number]),
    ["a chunk's endless extension", chunked(`1;${"a".repeat(20_000)}\r\nz\r\n0\r\n\r\n`), 413],
    ["endless trailers", chunked(`0\r\n${`X: ${"a".repeat(1_000)}\r\n`.repeat(40)}\r\n`), 431],
  ];
}
