import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Waits until no other process holds the lock of this name, and acquires it. The lock is a folder,
 * which only one process can make. It contains that process's id, so that another process can replace
 * the lock of a process that was killed.
 *
 * @returns a function that releases the lock
 */
export async function lockFolder(path: string): Promise<() => void> {
  const owner = join(path, "pid");
  for (;;) {
    try {
      mkdirSync(path);
      writeFileSync(owner, String(process.pid));
      const unlock = () => rmSync(path, { recursive: true, force: true });
      process.once("exit", unlock);
      return () => {
        process.off("exit", unlock);
        unlock();
      };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    if (isAbandoned(path, owner)) rmSync(path, { recursive: true, force: true });
    else await pause(200);
  }
}

function isAbandoned(path: string, owner: string): boolean {
  try {
    const pid = Number(readFileSync(owner, "utf8"));
    // The id 0 would mean this process's group. In a container, an earlier process may have had this
    // process's id.
    if (pid > 0 && pid !== process.pid) {
      process.kill(pid, 0);
      return false;
    }
    return Date.now() - statSync(path).mtimeMs > 1000;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPERM") return false;
    // The folder exists and its id is not written yet: the other process gets a moment.
    return !existsSync(path) || Date.now() - statSync(path).mtimeMs > 1000;
  }
}
