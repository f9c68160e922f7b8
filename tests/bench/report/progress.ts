let head = "";

/** Sets the name of the current part, which precedes each line of its progress. */
export function beginPart(name: string, number: number, of: number): void {
  head = `[${number}/${of}] ${name}: `;
}

/** Shows progress on stderr: one updated line on a terminal, or a line for each step. */
export function say(what: string): void {
  const { stderr } = process;
  const line = head + what;
  stderr.write(stderr.isTTY ? `\r\x1b[2K${line.slice(0, stderr.columns - 1)}` : `${line}\n`);
}

/** Clears the line of a terminal, so that other text can be printed. */
export function endProgress(): void {
  head = "";
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
}
