/**
 * Returns the processor time of this process in milliseconds. For work that blocks the process this is its
 * duration on an idle machine.
 */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
