import { useEffect, useState } from "react";

/**
 * Returns the whole seconds until a wait is over.
 *
 * @param wait a new object for each new wait, even of the same length; `seconds` is undefined without a
 * wait
 */
export function useCountdown(wait: Wait | undefined): number {
  const seconds = wait?.retryAfter ?? 0;
  const [counted, setCounted] = useState({ wait, left: seconds });

  useEffect(() => {
    if (seconds === 0) return;
    // The time is measured, not counted, because a tab in the background runs its timers late.
    const end = performance.now() + seconds * 1000;
    const timer = setInterval(() => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      setCounted({ wait, left });
      if (left === 0) clearInterval(timer);
    }, 200);
    return () => clearInterval(timer);
  }, [wait, seconds]);

  return counted.wait === wait ? counted.left : seconds;
}

interface Wait {
  readonly retryAfter: number | undefined;
}

/** Formats seconds: "0:07", "1:05", "2:00:00". */
export function clock(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, ...rest] = parts;
  const shown = hours > 0 ? parts : rest;
  return shown.map((part, at) => (at === 0 ? `${part}` : `${part}`.padStart(2, "0"))).join(":");
}
