/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";

/** A part of the page that scrolls separately, so the keyboard must reach it. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
