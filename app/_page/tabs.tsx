import type { TabWords } from "./demo-words.ts";

/** Browser tabs side by side, each with its answer. */
export function Tabs({ tabs, label }: TabsProps) {
  return (
    <ol className="tabs" aria-label={label}>
      {tabs.map(({ name, state }) => (
        <li key={name} data-look={typeof state === "string" ? state : state.look}>
          <span className="ear">{name}</span>
          <span className="pane">
            {typeof state === "string" ? (
              PLACEHOLDERS[state]
            ) : (
              <>
                <strong>{state.words}</strong> {state.detail}
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Returns the tabs of one demonstration, with their numbers as names. */
export function numbered<T>(
  count: number,
  replies: readonly (T | undefined)[] | undefined,
  inWords: (reply: T) => TabWords,
): TabsProps["tabs"] {
  return Array.from({ length: count }, (_, at) => {
    const reply = replies?.[at];
    const waiting = replies ? "sent" : "idle";
    return { name: `Tab ${at + 1}`, state: reply === undefined ? waiting : inWords(reply) };
  });
}

const PLACEHOLDERS = { idle: "open", sent: "sent …" };

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly {
    readonly name: string;
    readonly state: keyof typeof PLACEHOLDERS | TabWords;
  }[];
}
