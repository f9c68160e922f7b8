/** @jsxImportSource preact */
import { useEffect, useRef, useState } from "preact/hooks";
import { shortKey } from "./numbers.ts";

/** How long the button says "Copied", in milliseconds. */
const SAID_MS = 2_000;

interface Props {
  readonly value: string;
  /** Looks the client up. */
  readonly onLookUp: (key: string) => void;
}

/**
 * A shortened client key. The complete key is shown under the pointer and with the focus, and is copied. A
 * click on it looks the client up.
 */
export function ClientKey({ value, onLookUp }: Props) {
  const [said, say] = useState<string>();
  const whole = useRef<HTMLElement>(null);
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => say(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <span class="key">
      <button
        type="button"
        aria-label={`Look up client key ${shortKey(value)}`}
        onClick={() => onLookUp(value)}
      >
        <code>{shortKey(value)}</code>
      </button>
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

/** Copies a text. When the browser does not permit it, the text is selected. */
async function copy(text: string, element: HTMLElement | null): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    if (element) getSelection()?.selectAllChildren(element);
    return "Selected";
  }
}
