// Loaded before each program that npm runs (node --import), so that a signal to npm reaches the program.

/**
 * The variable with the parent's process id. The program gets it, and the program's child processes do
 * not.
 */
export const PARENT = "HEADGATE_PARENT";

/** This module, as --import takes it. */
export const WITH_NPM = import.meta.url;

/** How often the parent is checked, in milliseconds. */
const LOOK_MS = 250;

/** A signal that repeats within this many milliseconds is the one that npm passes on. */
const ECHO_MS = 500;

const parent = process.env[PARENT];
delete process.env[PARENT];
if (parent !== undefined) {
  endWith(Number(parent));
  ignoreRepeats(["SIGINT", "SIGTERM"]);
}

/**
 * Stops this process by SIGTERM once its parent has ended. npm passes on SIGINT and SIGTERM; when
 * SIGHUP or SIGKILL ends npm, this process gets no signal.
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
 * Ignores the second of two equal signals. A Ctrl-C reaches this process twice: from the terminal, and
 * from npm, which passes its signal on. Programs end at once on a second signal.
 */
function ignoreRepeats(signals) {
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
