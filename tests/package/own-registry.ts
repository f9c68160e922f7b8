import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";
import type { World } from "./world.ts";

/** An npm registry with our package, which redirects to the configured registry for all other packages. */
export interface OwnRegistry {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Serves the packed package like npm's registry after its publication. */
export async function startRegistry({ built, tarball, folder }: World): Promise<OwnRegistry> {
  const [other = ""] = (await runCommand(folder, "npm", ["config", "get", "registry"])).split("\n");
  const file = readFileSync(tarball);
  const integrity = `sha512-${createHash("sha512").update(file).digest("base64")}`;
  const text = readFileSync(join(built, "package.json"), "utf8");
  const manifest = JSON.parse(text) as { readonly version: string };
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://registry.example");
    if (pathname === "/headgate/-/headgate.tgz") {
      response.end(file);
    } else if (pathname === "/headgate") {
      const dist = { tarball: `${url}/headgate/-/headgate.tgz`, integrity };
      const versions = { [manifest.version]: { ...manifest, dist } };
      const latest = { "dist-tags": { latest: manifest.version }, name: "headgate", versions };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(latest));
    } else {
      response.writeHead(302, { location: new URL(`.${request.url}`, other.trim()).href }).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
