/** @jsxImportSource preact */
import { useEffect, useRef, useState } from "preact/hooks";
import { shortKey } from "./numbers.ts";

/** How long the button says that it copied, in milliseconds. */
const SAID_MS = 2_000;

/** A client key, shortened: the whole of it shows under the pointer and with the focus, and is copied. */
export function ClientKey({ value }: { value: string }) {
  const [said, say] = useState<string>();
  const whole = useRef<HTMLElement>(null);
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => say(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <span class="key">
      <code aria-hidden="true">{shortKey(value)}</code>
      <button
        type="button"
        aria-label={`${said ?? "Copy"} client key ${value}`}
        onClick={() => void copy(value, whole.current).then(say)}
      >
        {said ?? "Copy"}
      </button>
      <code class="whole" ref={whole}>
        {value}
      </code>
    </span>
  );
}

/** Copies a text. Where the browser does not let a page do so, the text is selected. */
async function copy(text: string, element: HTMLElement | null): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    if (element) getSelection()?.selectAllChildren(element);
    return "Selected";
  }
}
