let head = "";

/** Names the part that is measured now; it stands before each line of its progress. */
export function beginPart(name: string, number: number, of: number): void {
  head = `[${number}/${of}] ${name}: `;
}

/** Shows on stderr what is measured now: one line that is updated on a terminal, else a line each. */
export function say(what: string): void {
  const { stderr } = process;
  const line = head + what;
  stderr.write(stderr.isTTY ? `\r\x1b[2K${line.slice(0, stderr.columns - 1)}` : `${line}\n`);
}

/** Clears the line of a terminal, so that something else can be printed. */
export function endProgress(): void {
  head = "";
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
}
