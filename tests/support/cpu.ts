/**
 * The processor's time that this process has used, in milliseconds: of work that holds the process, how
 * long it does so on a machine that does nothing else.
 */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
