/** The parts of the benchmark, in the order of measurement and display. */
export const ORDER = [
  "middleware",
  "proxy",
  "delay",
  "workerd",
  "edge",
  "profile",
  "gate",
  "live",
  "matching",
  "tools",
  "dedup",
  "locks",
  "billed",
  "redis",
  "scripts",
  "clients",
  "memory",
  "replies",
  "fleet",
  "start",
] as const;

export type PartName = (typeof ORDER)[number];

/** Sorts objects with the name of a part by {@link ORDER}. */
export function byOrder(a: { readonly part: string }, b: { readonly part: string }): number {
  const at = ({ part }: { readonly part: string }) => ORDER.indexOf(part as PartName);
  return at(a) - at(b);
}
