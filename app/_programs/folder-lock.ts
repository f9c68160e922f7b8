import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Waits until no other process holds the lock of this name, and takes it. Only one process can make a
 * folder; it holds that process's id, so that the lock of a process that was killed is taken over.
 *
 * @returns a function that gives the lock back
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
    // 0 would ask for our own group; our own number is an earlier process's, as containers have them.
    if (pid > 0 && pid !== process.pid) {
      process.kill(pid, 0);
      return false;
    }
    return Date.now() - statSync(path).mtimeMs > 1000;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPERM") return false;
    // Made but not yet signed: give its maker a moment.
    return !existsSync(path) || Date.now() - statSync(path).mtimeMs > 1000;
  }
}
