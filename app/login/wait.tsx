import { useEffect, useState } from "react";
import styles from "./login.module.css";

/** Counts a wait down; render it with a new `key` for a new one. */
export function Wait({ seconds }: { readonly seconds: number }) {
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

  return (
    <p className={styles["wait"]}>
      {/* The answer said how long; each second of it read out would be noise, its end is not. */}
      <span aria-hidden="true">{left > 0 && `Again in ${clock(left)}`}</span>
      <output>{left === 0 && "You can try again."}</output>
    </p>
  );
}

/** "0:07", "15:00". */
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
