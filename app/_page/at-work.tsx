import { SyncDemo } from "./sync-demo.tsx";
import { TokenField } from "./token-field.tsx";
import { ViewDemo } from "./view-demo.tsx";

/** What handlers behind the gate are given: dedup and locks, each to be tried. */
export function AtWork() {
  return (
    <section className="at-work" aria-labelledby="at-work">
      <div className="heading">
        <h2 id="at-work">Once, from many tabs</h2>
        <p>
          Behind the gate, handlers have two more tools on the same Redis. Dedup has a thing count
          once; a lock has one instance act at a time. What you send here meets the gate first, and
          counts against its limits.
        </p>
      </div>
      <TokenField />
      <div className="demos">
        <ViewDemo />
        <SyncDemo />
      </div>
    </section>
  );
}
