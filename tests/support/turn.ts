import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Waits until no other process of these tests has the turn for a thing, and takes the turn. Returns a function
 * that releases it. The turn of an ended process is taken over.
 */
export async function takeTurn(thing: string): Promise<() => void> {
  const name = createHash("sha256").update(thing).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `headgate-turn-${name}`);
  const owner = join(folder, "pid");
  for (;;) {
    try {
      mkdirSync(folder);
      writeFileSync(owner, String(process.pid));
      return () => rmSync(folder, { recursive: true, force: true });
    } catch {
      if (hasEnded(owner)) rmSync(folder, { recursive: true, force: true });
      else await pause(100);
    }
  }
}

function hasEnded(owner: string): boolean {
  try {
    process.kill(Number(readFileSync(owner, "utf8")), 0);
    return false;
  } catch (error) {
    // A turn without its file was taken a moment ago.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
