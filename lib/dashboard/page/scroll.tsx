/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";

/** A part of the page that scrolls by itself, so it must be reached by the keyboard. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
