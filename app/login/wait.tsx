import { useEffect, useState } from "react";
import styles from "./login.module.css";

/** Counts a wait down. Render it with a new `key` for each new wait. */
export function Wait({ seconds }: { readonly seconds: number }) {
  const [left, setLeft] = useState(seconds);

  useEffect(() => {
    // The time is measured, not counted, because a tab in the background runs its timers late.
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
      {/* The result named the wait already. Screen readers announce only its end, not each second. */}
      <span aria-hidden="true">{left > 0 && `Try again in ${clock(left)}`}</span>
      <output>{left === 0 && "You can try again."}</output>
    </p>
  );
}

/** "0:07", "15:00". */
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
