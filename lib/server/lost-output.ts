/**
 * Lets this process continue when nothing reads its output any more, for example after the program that wrote
 * its log has ended. Without this a gateway would end, and a server would only repeat an error: Next prints
 * each error, which fails again.
 *
 * @example
 * ignoreLostOutput();
 */
export function ignoreLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  }
}

function ignore(): void {}
