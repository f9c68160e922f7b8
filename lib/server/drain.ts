const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Resolves when the process is told to stop, by SIGTERM or SIGINT. A second signal ends the process at once.
 *
 * @example
 * await stopSignal();
 * await store.stop();
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = () => {
      // An exit, unlike the signal's default end, also ends the programs that this process started.
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}

/**
 * Exits with 1 when the process is told to stop. A signal's default end would skip the work of an exit,
 * such as the removal of the lock of a build.
 *
 * @example
 * exitOnStopSignal();
 * await buildNext(root);
 */
export function exitOnStopSignal(): void {
  void stopSignal().then(() => process.exit(1));
}
