import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { clientNaming } from "#lib/cli/client-address";

const SERVER = "192.0.2.1";

/** The address that a request is counted by. */
function countedBy(remoteAddress: string, headers: Record<string, string> = {}): string {
  const socket = new Socket();
  Object.defineProperties(socket, {
    remoteAddress: { value: remoteAddress },
    localAddress: { value: remoteAddress.startsWith("127.") ? "127.0.0.1" : SERVER },
  });
  const request = new IncomingMessage(socket);
  Object.assign(request.headers, headers);
  naming.name(request);
  return String(request.headers["x-headgate-socket"]).replace(`${nonce} `, "");
}

const naming = clientNaming(undefined, () => {});
const nonce = naming.variables["HEADGATE_SOCKET_NONCE"] ?? "";
const handedOn = { "x-headgate-socket": `${nonce} 198.51.100.7` };

describe("what a request is counted by", () => {
  test("is the socket's address, whatever it claims", () => {
    expect(countedBy("198.51.100.9", { "x-forwarded-for": "198.51.100.7" })).toBe("198.51.100.9");
    expect(countedBy("127.0.0.1", { "x-headgate-socket": "nonce 198.51.100.7" })).toBe("127.0.0.1");
  });

  test("is the client that the server itself asks for, on loopback or on its own address", () => {
    expect(countedBy("127.0.0.1", handedOn)).toBe("198.51.100.7");
    expect(countedBy(SERVER, handedOn)).toBe("198.51.100.7");
  });

  test("is the socket's address of another machine, also where it knows the nonce", () => {
    expect(countedBy("198.51.100.9", handedOn)).toBe("198.51.100.9");
  });
});
