import { SyncDemo } from "./sync-demo.tsx";
import { ViewDemo } from "./view-demo.tsx";

/** The tools that handlers use behind the gate, dedup and locks, with a way to try each. */
export function AtWork() {
  return (
    <section className="at-work" aria-labelledby="at-work">
      <div className="heading">
        <h2 id="at-work">Once, from many tabs</h2>
        <p>
          Behind the gate, handlers have two more tools on the same Redis. Dedup makes an event
          count once; a lock makes one instance act at a time. The requests that you send here are
          checked by the gate first, and count against its limits.
        </p>
      </div>
      <div className="demos">
        <ViewDemo />
        <SyncDemo />
      </div>
    </section>
  );
}
