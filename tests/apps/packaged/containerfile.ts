import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import type { PackedApp } from "./package.ts";

/** Tests the Containerfile's files and health check. */
export function testContainerfile(packed: PackedApp): void {
  const { start } = packed;

  describe("the Containerfile", () => {
    const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
    const containerfile = read("Containerfile");
    const [, last = ""] = containerfile.split(/^FROM \$\{BASE\}$/m);
    const commands = [...last.matchAll(/^ *CMD (\[.*\])$/gm)].map(
      ([, command = ""]) => JSON.parse(command) as string[],
    );

    test("the Containerfile copies the packed files, and they include the file that it starts", () => {
      const copied = [...last.matchAll(/^COPY (.*)$/gm)].map(([, words]) => words);
      expect(copied).toEqual(["--from=packed /build/dist ./"]);
      expect(read("app/_programs/pack.command.ts")).toContain('join(root, "dist")');
      expect(commands.map(([program]) => program)).toEqual(["node", "node"]);
      expect(existsSync(join(packed.folder, commands[1]?.[1] ?? ""))).toBe(true);
    });

    test("the Containerfile gets the files that a build reads, and no secrets", () => {
      const [ignoreAll, ...lines] = read(".containerignore")
        .split("\n")
        .filter((line) => line && !line.startsWith("#"));
      expect(ignoreAll).toBe("**");
      expect(lines.at(-1)).toBe("**/.env*");
      const given = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
      const [, sources = ""] =
        /SOURCES\b[^=]*= \[(.*?)\]/s.exec(read("app/_programs/build.ts")) ?? [];
      const needed = [...sources.matchAll(/"(.*?)"/g)]
        .map(([, pattern = ""]) => pattern)
        .filter((pattern) => pattern !== ".env*")
        .flatMap((pattern) => /^\{(.*)\}/.exec(pattern)?.[1]?.split(",") ?? [pattern]);
      expect(needed.length).toBeGreaterThan(8);
      expect(given.toSorted()).toEqual([...needed, ".npmrc"].toSorted());
    });

    test("the health check of the Containerfile works", async () => {
      const app = await start({ HEADGATE_STORE: "embedded" });
      const [, ...args] = commands[0] ?? [];
      const check = async () => {
        const env = { NODE_ENV: "production" as const, PORT: new URL(app.url).port };
        const [code] = await once(spawn(process.execPath, args, { env, stdio: "ignore" }), "exit");
        return code;
      };
      expect(await check()).toBe(0);
      await app.stop();
      expect(await check()).toBe(1);
    });
  });
}
