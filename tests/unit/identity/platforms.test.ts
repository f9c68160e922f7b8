import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GATE_VARIABLES } from "#lib/gate-variables";
import { addressSource } from "#lib/identity/address-source";
import { PLATFORMS } from "#lib/identity/platforms/all";
import { ROOT } from "../../support/app.ts";
import { fileOf, platformTable } from "../../support/platform-table.ts";

const FOLDER = join(ROOT, "lib", "identity", "platforms");
const read = (...path: string[]) => readFileSync(join(...path), "utf8");
const nowhere = { onVercel: false, onCloudflare: false, production: true };

describe("the registry of address platforms", () => {
  test("the registry has a line for each file that defines a platform", () => {
    const defining = readdirSync(FOLDER).filter((file) =>
      /^export const [A-Z_]+: Platform</m.test(read(FOLDER, file)),
    );
    const lines = read(FOLDER, "registry.ts").match(/^export .*$/gm);
    const constant = (file: string) => file.replace(".ts", "").toUpperCase().replace("-", "_");
    const files = PLATFORMS.map(({ name }) => fileOf(name));
    expect(files.toSorted()).toEqual(defining.toSorted());
    expect(lines?.toSorted()).toEqual(
      files.map((file) => `export { ${constant(file)} } from "./${file}";`).toSorted(),
    );
  });

  test("each platform has a different place", () => {
    expect(PLATFORMS.map(({ place }) => place)).toEqual(PLATFORMS.map((_, i) => i + 1));
  });

  test("the errors of CLIENT_IP_FROM name every form", () => {
    const refusal = (clientIpFrom?: string) => {
      try {
        addressSource({ ...nowhere, clientIpFrom });
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    const others =
      "hops:n (behind n proxies, from 1 to 99), trusted:CIDR,…, header:NAME, vercel, cloudflare or vercel+cloudflare";
    expect(refusal("xff")).toBe(`CLIENT_IP_FROM must be socket, ${others}, but is "xff".`);
    const set = `set CLIENT_IP_FROM to ${others}, or start the app by \`headgate start\`; headgate/docs/guides/client-address.md.`;
    expect(refusal()).toBe(`Nothing says where the client's address comes from: ${set}`);
    expect(refusal("socket")).toBe(
      `CLIENT_IP_FROM is "socket", which only Headgate's own server can give: ${set}`,
    );
    expect(GATE_VARIABLES.CLIENT_IP_FROM.mustBe).toBe(
      "socket, hops:n, trusted:CIDR,…, header:NAME, vercel, cloudflare or vercel+cloudflare, without quotes around it",
    );
  });

  test("our own server's marker is preferred to Vercel's, and Vercel's to Cloudflare's", () => {
    const all = { ...nowhere, onVercel: true, onCloudflare: true };
    expect(addressSource({ ...all, socketNonce: "n" })).toEqual({ from: "socket", nonce: "n" });
    expect(addressSource(all)).toEqual({ from: "vercel" });
    expect(addressSource({ ...all, onVercel: false })).toEqual({ from: "cloudflare" });
  });

  test("docs/guides/client-address.md has the table of the registry", async () => {
    expect(read(ROOT, "docs", "guides", "client-address.md")).toContain(
      `\n\n${await platformTable()}\n\n`,
    );
  });
});
