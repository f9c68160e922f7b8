/** Returns the cookies that a browser would send after a response: the ones that it set and did not delete. */
export function cookiesSetBy(response: Response, before = ""): string {
  const jar = new Map(pairsOf(before));
  for (const line of response.headers.getSetCookie()) {
    const [[name, value] = ["", ""]] = pairsOf(line.split(";")[0] ?? "");
    if (value === "" || /; ?max-age=0(?:;|$)/i.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
  return headerOf(jar);
}

/** Returns the cookies of a header by name. */
export function pairsOf(header: string): [name: string, value: string][] {
  return header
    .split("; ")
    .filter((pair) => pair.includes("="))
    .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
}

/** Returns the Cookie header of cookies. */
export function headerOf(cookies: Iterable<readonly [name: string, value: string]>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

/** Returns a request with cookies, or with other headers. */
export function requestWith(cookie: string, headers: Record<string, string> = {}): Request {
  return new Request("https://app.example/", { headers: { cookie, ...headers } });
}
