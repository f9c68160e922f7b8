/** @jsxImportSource preact */
import { render } from "preact";
import { App } from "./app.tsx";
import { type Connection, connect } from "./connection.ts";
import { EMPTY, type View, withEvent } from "./view.ts";

/** How long a page is hidden before it closes its stream, in milliseconds. */
const HIDDEN_MS = 60_000;

const root = document.querySelector("main");
const streamUrl = new URL("live.sse", import.meta.url);

if (root) start(root);

function start(root: HTMLElement): void {
  let view: View = EMPTY;
  let isDrawn = false;
  const draw = (next: View): void => {
    view = next;
    if (view.connection === "connecting") return;
    // The content of the document is removed when the script has something to show.
    if (!isDrawn) root.replaceChildren();
    isDrawn = true;
    const now = performance.now();
    render(<App view={view} title={document.title} now={now} onControl={onControl} />, root);
  };
  const onControl = (control: unknown): void =>
    draw(withEvent(view, "control", control, performance.now()));
  const connection = connect({
    open: (signal) =>
      fetch(streamUrl, {
        signal,
        cache: "no-store",
        redirect: "manual",
        headers: { Accept: "text/event-stream" },
      }),
    onEvent: (name, data) => draw(withEvent(view, name, data, performance.now())),
    onState: (state) => draw({ ...view, connection: state }),
  });
  // The age of the numbers is updated while nothing arrives.
  setInterval(() => {
    if (performance.now() - view.receivedAt > 1_500) draw(view);
  }, 1_000);
  listen(connection);
}

function listen(connection: Connection): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  addEventListener("online", () => connection.wake());
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") connection.wake();
    else timer = setTimeout(() => connection.sleep(), HIDDEN_MS);
  });
}
