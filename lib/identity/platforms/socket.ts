import type { Platform, PlatformWords } from "./platform.ts";

/** The header by which our own server names the socket's address: `<nonce> <address>`. */
export const SOCKET_HEADER = "x-headgate-socket";

/** The socket's address, which our own server passes on with a nonce that only its process knows. */
export interface SocketSource {
  /**
   * The name of the source: the socket's address, which our own server passes on.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "socket", nonce: token } });
   */
  readonly from: "socket";
  /**
   * The random text that only our own server and its process know.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "socket", nonce: token } });
   */
  readonly nonce: string;
}

export const SOCKET: Platform<SocketSource> = {
  name: "socket",
  place: 1,
  form: "socket",
  givenBy: "Headgate's own server",
  // Our server drops all other headers that name a client.
  knowsOthers: true,
  read: (value, environment) => (value === "socket" ? sourceOf(environment) : undefined),
  detect: sourceOf,
  address(headers, source) {
    const [nonce, address] = (headers.get(SOCKET_HEADER) ?? "").split(" ", 2);
    return nonce === source.nonce ? address : undefined;
  },
};

function sourceOf({ socketNonce: nonce }: { readonly socketNonce?: string | undefined }) {
  return nonce ? ({ from: "socket", nonce } as const) : undefined;
}

/** @public The table in docs/guides/client-address.md reads it by the file's name. */
export const WORDS: PlatformWords = {
  example: "socket",
  where: "`headgate start`, reached without a proxy",
  reads: "the socket's own address, which our server passes on with a nonce of its process",
  forged: "nothing",
};
