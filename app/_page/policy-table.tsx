import Link from "next/link";
import { describeRule, type LimitWords, type RuleWords } from "./rule-words.ts";
import type { CompiledPolicy, CompiledRule } from "headgate/policy";
import { Lane } from "./lane.tsx";
import { type SampleRequest, sampleRequests } from "./sample-request.ts";

const COLUMNS = ["Rule", "Paths, methods", "Limit, for whom", "If the store fails"];

/** The policy as a table with a row for each rule; on narrow screens each rule is a card. */
export function PolicyTable({ policy }: { readonly policy: CompiledPolicy }) {
  const rules = [...policy.rules.values()];
  return (
    <table className="policy" aria-labelledby="rules">
      <thead>
        <tr>
          {COLUMNS.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
          <th scope="col">Try it</th>
        </tr>
      </thead>
      <tbody>
        {rules.map((rule) => (
          <Rule
            key={rule.name}
            rule={rule}
            words={describeRule(rule)}
            samples={sampleRequests(rule, policy)}
            page={pageOf(rule, rules)}
          />
        ))}
      </tbody>
    </table>
  );
}

function Rule({ rule, words, samples, page }: RuleProps) {
  return (
    <tr>
      <th scope="row">
        {words.name}
        {words.mode !== undefined && <span className="note">{words.mode}</span>}
        {words.replaces.length > 0 && (
          <span className="note">in place of {words.replaces.join(", ")}</span>
        )}
      </th>
      <td className="where">
        <Paths words={words} />
      </td>
      <td>
        <ul className="limits">
          {words.limits.map((limit) => (
            <Limit key={`${limit.tier} ${limit.amount} ${limit.who}`} limit={limit} />
          ))}
        </ul>
      </td>
      <td>
        <Label at={3} />
        <span className="value">{words.onStoreFailure}</span>
      </td>
      <td className="try">
        <Try rule={rule} samples={samples} page={page} />
      </td>
    </tr>
  );
}

/** The column's header, repeated on screens that hide the headers. */
function Label({ at }: { readonly at: number }) {
  return (
    <span className="label" aria-hidden="true">
      {COLUMNS[at]}
    </span>
  );
}

function Paths({ words: { paths, methods } }: { readonly words: RuleWords }) {
  if (paths.length === 0) return <span className="note">no path: handlers check it</span>;
  return (
    <>
      {paths.map((path) => (
        <code key={path} className="path">
          {segments(path).map(({ start, text }) => (
            <span key={start}>{text}</span>
          ))}
        </code>
      ))}
      <span className="note">{methods}</span>
    </>
  );
}

/** Returns the segments between which a path may break, with the position of each. */
function segments(path: string) {
  const pieces = path.matchAll(/\/?[^/]+|\//g);
  return [...pieces].map(({ index, 0: text }) => ({ start: index, text }));
}

function Limit({ limit: { tier, amount, who, algorithm } }: { readonly limit: LimitWords }) {
  return (
    <li>
      {tier !== undefined && <span className="tier">{tier}</span>}
      <strong>{amount}</strong>
      <span className="note">
        {who}, {algorithm}
      </span>
    </li>
  );
}

function Try({ rule, samples, page }: Omit<RuleProps, "words">) {
  if (samples.length > 0) return <Lane rule={rule.name} samples={samples} />;
  if (rule.match.length > 0) {
    return <p className="note">This page has no sample values for the parameters of its paths.</p>;
  }
  return (
    <p className="note">
      Handlers check this rule; it has no path.{" "}
      {page !== undefined && <Link href={page}>Try it at {page}</Link>}
    </p>
  );
}

/**
 * Returns the page on which a rule without a path can be tried: the page of its name, if a rule has
 * that path.
 */
function pageOf({ name, match }: CompiledRule, rules: readonly CompiledRule[]): string | undefined {
  const page = `/${name}`;
  const isPath = match.length === 0 && rules.some((other) => other.match.includes(page));
  return isPath ? page : undefined;
}

interface RuleProps {
  readonly rule: CompiledRule;
  readonly words: RuleWords;
  readonly samples: readonly SampleRequest[];
  readonly page: string | undefined;
}
