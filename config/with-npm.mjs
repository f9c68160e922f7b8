// Loaded before each program that npm runs (node --import), so that a signal to npm is one to the program.

/** The variable that names the parent's process id. The program is told of it, and what it starts is not. */
export const PARENT = "HEADGATE_PARENT";

/** This module, as --import takes it. */
export const WITH_NPM = import.meta.url;

/** How often the parent is looked for, in milliseconds. */
const LOOK_MS = 250;

/** A signal that comes again within so many milliseconds is the one that npm hands on. */
const ECHO_MS = 500;

const parent = process.env[PARENT];
delete process.env[PARENT];
if (parent !== undefined) {
  endWith(Number(parent));
  hearOnce(["SIGINT", "SIGTERM"]);
}

/**
 * Tells this process to stop, by SIGTERM, once its parent has ended. npm hands SIGINT and SIGTERM on;
 * when SIGHUP or SIGKILL ends npm, no signal reaches this process.
 */
export function endWith(parentId) {
  const looking = setInterval(() => {
    if (process.ppid === parentId) return;
    clearInterval(looking);
    process.kill(process.pid, "SIGTERM");
  }, LOOK_MS);
  looking.unref();
}

/**
 * A Ctrl-C reaches this process twice: by the terminal, and by npm, which hands on its own. Programs
 * take a second signal for the order to end at once, so they must not hear the echo.
 */
function hearOnce(signals) {
  const heard = new Map();
  const isEcho = (event) => {
    const now = performance.now();
    if (now - (heard.get(event) ?? -Infinity) < ECHO_MS) return true;
    heard.set(event, now);
    return false;
  };
  const emit = process.emit.bind(process);
  process.emit = (event, ...args) =>
    signals.includes(event) && isEcho(event) ? true : emit(event, ...args);
}
