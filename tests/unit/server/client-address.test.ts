import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { clientNaming } from "#lib/server/client-address";

const SERVER = "192.0.2.1";

function requestFrom(remoteAddress: string, headers: Record<string, string>): IncomingMessage {
  const socket = new Socket();
  Object.defineProperties(socket, {
    remoteAddress: { value: remoteAddress },
    localAddress: { value: remoteAddress.startsWith("127.") ? "127.0.0.1" : SERVER },
  });
  const request = new IncomingMessage(socket);
  Object.assign(request.headers, headers);
  return request;
}

/** Returns the address by which a request is counted. */
function countedBy(remoteAddress: string, headers: Record<string, string> = {}): string {
  const request = requestFrom(remoteAddress, headers);
  naming.name(request);
  return String(request.headers["x-headgate-socket"]).replace(`${nonce} `, "");
}

const naming = clientNaming(undefined, () => {});
const nonce = naming.variables["HEADGATE_SOCKET_NONCE"] ?? "";
const handedOn = { "x-headgate-socket": `${nonce} 198.51.100.7` };

describe("clientNaming without proxies", () => {
  test("a request is counted by the socket's address, whatever its headers claim", () => {
    expect(countedBy("198.51.100.9", { "x-forwarded-for": "198.51.100.7" })).toBe("198.51.100.9");
    expect(countedBy("127.0.0.1", { "x-headgate-socket": "nonce 198.51.100.7" })).toBe("127.0.0.1");
  });

  test("a request of the server to itself is counted by its client, on loopback or on the server's own address", () => {
    expect(countedBy("127.0.0.1", handedOn)).toBe("198.51.100.7");
    expect(countedBy(SERVER, handedOn)).toBe("198.51.100.7");
  });

  test("a request from another machine is counted by the socket's address, even when it has the nonce", () => {
    expect(countedBy("198.51.100.9", handedOn)).toBe("198.51.100.9");
  });

  test.each(["fly-client-ip", "x-azure-clientip", "cloudfront-viewer-address", "x-real-ip"])(
    "a client's header %s is removed, and the request is counted by the socket's address",
    (header) => {
      const request = requestFrom("198.51.100.9", { [header]: "198.51.100.7" });
      naming.name(request);
      expect(request.headers["x-headgate-socket"]).toBe(`${nonce} 198.51.100.9`);
      expect(request.headers[header]).toBeUndefined();
    },
  );
});

test("a client's x-forwarded-host, -proto and -port are removed, and those of the server's own requests stay", () => {
  const site = { "x-forwarded-host": "app.example", "x-forwarded-proto": "https" };
  const claimed = requestFrom("198.51.100.9", { ...site, "x-forwarded-port": "443" });
  naming.name(claimed);
  expect(Object.keys(claimed.headers).filter((name) => /-(?:host|proto|port)$/.test(name))).toEqual(
    [],
  );
  const own = requestFrom("127.0.0.1", { ...handedOn, ...site });
  naming.name(own);
  expect(own.headers).toMatchObject(site);
  const proxied = requestFrom("127.0.0.1", site);
  clientNaming("hops:1", () => {}).name(proxied);
  expect(proxied.headers).toMatchObject(site);
});

test.each([
  ["fly-client-ip", "set CLIENT_IP_FROM=header:fly-client-ip."],
  ["forwarded", "set CLIENT_IP_FROM=hops:1."],
])("a request that carries %s is reported once, with the variable to set", (header, remedy) => {
  const lines: string[] = [];
  const told = clientNaming(undefined, (line) => lines.push(line));
  for (let i = 0; i < 3; i += 1)
    told.name(requestFrom("198.51.100.9", { [header]: "198.51.100.7" }));
  expect(lines).toEqual([expect.stringContaining(remedy)]);
  expect(lines[0]).toContain(
    "headgate/docs/reference/errors.md#client_address_header_unconfigured",
  );
  expect(lines[0]).not.toContain("198.51.100");
});

describe("behind proxies", () => {
  test.each(["trusted:10.0.0.0/8", "header:fly-client-ip", "hops:1"])(
    "CLIENT_IP_FROM=%s keeps the headers of proxies, and removes the one that only our server may set",
    (clientIpFrom) => {
      const proxied = clientNaming(clientIpFrom, () => {});
      const headers = {
        "x-forwarded-for": "198.51.100.7, 10.0.0.1",
        "fly-client-ip": "198.51.100.7",
      };
      const request = requestFrom("10.0.0.1", {
        ...headers,
        "x-headgate-socket": "n 198.51.100.8",
      });
      proxied.name(request);
      expect(request.headers).toEqual(headers);
      expect(proxied.line).toBe(`counted by address, as CLIENT_IP_FROM=${clientIpFrom} says`);
    },
  );
});
