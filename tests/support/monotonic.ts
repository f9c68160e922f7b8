import { vi } from "vitest";

/** Moves the monotonic clock forward: an instance reads the document's version every two seconds. */
export function later(ms: number): void {
  const real = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => real() + ms);
}
