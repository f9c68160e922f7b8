/** @jsxImportSource preact */
import type { DeniedClients } from "#lib/dashboard/model";
import { ClientKey } from "./client-key.tsx";
import { count } from "./numbers.ts";
import { timeOf } from "./times.ts";

interface Props {
  readonly denied: readonly DeniedClients[];
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly onLookUp: (key: string) => void;
}

/** The clients that were denied most often, by rule. */
export function Clients({ denied, since, onLookUp }: Props) {
  const some = denied.filter(({ clients }) => clients.length > 0);
  const from = since > 0 && (
    <>
      since <time dateTime={new Date(since).toISOString()}>{timeOf(since)}</time>
    </>
  );
  return (
    <section aria-labelledby="clients">
      <div class="section-head">
        <h2 id="clients">Denied clients</h2>
        <p>
          Client keys are keyed hashes, never addresses or names; a click looks the client up.
          Denials {from}.
        </p>
      </div>
      {some.length === 0 && <p class="none">No client was denied {from}.</p>}
      <div class="lists">
        {some.map(({ rule, clients }) => (
          <table key={rule}>
            <caption>{rule}</caption>
            <thead>
              <tr>
                <th scope="col">client key</th>
                <th scope="col" class="number">
                  denials
                </th>
              </tr>
            </thead>
            <tbody>
              {clients.map(({ key, denied: times }) => (
                <tr key={key}>
                  <th scope="row">
                    <ClientKey value={key} onLookUp={onLookUp} />
                  </th>
                  <td class="number">{count(times)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
    </section>
  );
}
