import { useEffect, useState } from "react";

/** Counts Retry-After down; render it with a new `key` for a new answer. */
export function Countdown({ seconds }: { readonly seconds: number }) {
  const [left, setLeft] = useState(seconds);

  useEffect(() => {
    // Measured and not counted: a tab in the background runs its timers late.
    const end = performance.now() + seconds * 1000;
    const timer = setInterval(() => {
      const rest = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      setLeft(rest);
      if (rest === 0) clearInterval(timer);
    }, 200);
    return () => clearInterval(timer);
  }, [seconds]);

  // Each second of it read out would be noise; its end is worth hearing.
  return (
    <p className="countdown">
      {left > 0 && `Again in ${clock(left)}`}
      <output>{left === 0 && "You can search again."}</output>
    </p>
  );
}

/** "0:07", "1:05", "2:00:00". */
function clock(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, ...rest] = parts;
  const shown = hours > 0 ? parts : rest;
  return shown.map((part, at) => (at === 0 ? `${part}` : `${part}`.padStart(2, "0"))).join(":");
}
