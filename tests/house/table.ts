import { GATE, type Room, ROOMS } from "../../rooms.ts";

/** Returns the table of rooms in docs/internals/rooms.md, as Markdown. */
export function roomTable(): string {
  const rows = Object.entries(ROOMS).map(([name, room]) =>
    [name, mayImport(name, room), besides(room), room.what].join(" | "),
  );
  return [
    "| room | may import | and from outside | what it is |",
    "| --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

function mayImport(name: string, { imports, everything }: Room): string {
  if (everything) return "everything";
  const others = imports.filter((other) => other !== name);
  const isOfGate = (other: string): boolean => GATE.includes(other);
  const words = GATE.every((room) => others.includes(room))
    ? [...others.filter((other) => !isOfGate(other)), "every room of the gate"]
    : others;
  return words.join(", ") || "nothing of ours";
}

function besides({ packages = [], node, next, everything }: Room): string {
  if (everything) return "everything";
  const words = [...packages, ...(next ? ["next"] : []), ...(node ? ["node:"] : [])];
  return words.map((word) => `\`${word}\``).join(", ") || "nothing";
}
