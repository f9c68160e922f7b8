import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { speak } from "../../support/raw-client.ts";
import type { LoadedApp } from "./loaded.ts";

const MULTIPART = { "content-type": "multipart/form-data; boundary=b" };
const UNKNOWN_ACTION = `feed${"c0ffee".repeat(6)}ed`;

function form(name: string, value: string): string {
  return `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--\r\n`;
}

/** The id of the app's only Server Action. */
function loginAction(): string {
  const file = join(ROOT, ".next", "server", "server-reference-manifest.json");
  const { node } = JSON.parse(readFileSync(file, "utf8")) as { readonly node: object };
  return Object.keys(node)[0] ?? "";
}

/** Tests what the log holds after the load, and after requests that make Next log. */
export function testLog(loaded: LoadedApp): void {
  describe("after a load of all clients over all routes", () => {
    test("the log names no client, and holds no secret", () => {
      expect(loaded.app.output()).toContain("ready");
      expect(loaded.find(loaded.app.output())).toBeUndefined();
      expect(loaded.findOther(loaded.app.output())).toBeUndefined();
    });

    test.each([
      ["another Origin", { ...MULTIPART, origin: "https://mallory.example" }, "", 500],
      ["an Origin that is no URL", { ...MULTIPART, origin: "mallory" }, "", 400],
      [
        "another host",
        { ...MULTIPART, origin: "https://x.example", "x-forwarded-host": "mallory" },
        "",
        500,
      ],
      ["a malformed action id", { "next-action": "mallory" }, "[]", 400],
      ["the id of no action", { "next-action": UNKNOWN_ACTION }, "[]", 409],
      ["the id of no action in a form", MULTIPART, form(`$ACTION_ID_${UNKNOWN_ACTION}`, ""), 409],
      ["a body that is not JSON", { "next-action": "LOGIN" }, "mallory", 500],
      [
        "a form that is not JSON",
        { "next-action": "LOGIN", ...MULTIPART },
        form("0", "mallory"),
        500,
      ],
      ["a BigInt that is no number", { "next-action": "LOGIN" }, '["$nmallory"]', 500],
      [
        "a malformed map entry",
        { "next-action": "LOGIN", ...MULTIPART },
        form("1", '["mallory"]').replace("--b--\r\n", form("0", '["$Q1"]')),
        500,
      ],
    ])("the log does not contain %s that a client sends", async (what, headers, body, status) => {
      const from = loaded.app.output().length;
      const sent = { "x-forwarded-for": `198.51.100.${what.length}`, ...headers };
      const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
      const { hostname, port, host } = new URL(loaded.app.url);
      const head = [
        "POST /login HTTP/1.1",
        `Host: ${host}`,
        "Connection: close",
        `Content-Length: ${body.length}`,
        ...lines,
      ];
      const bytes = `${head.join("\r\n")}\r\n\r\n${body}`.replace("LOGIN", loginAction());
      const answer = await speak(Number(port), bytes, hostname);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      // Next logs each of these requests that reaches it.
      const logged = status === 400 ? /^/ : /Server Action/;
      await expect.poll(() => loaded.app.output().slice(from)).toMatch(logged);
      expect(loaded.app.output().slice(from)).not.toMatch(/mallory|c0ffee/);
    });
  });
}
