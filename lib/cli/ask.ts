import { createInterface } from "node:readline/promises";

/** Returns true where a person can be asked: input and output are a terminal. */
export function isAnswered(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** Asks once. The end of the input is a no. */
export async function agrees(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("no")));
  try {
    const answer = await Promise.race([terminal.question(`${question} [Y/n] `), closed]);
    return /^(?:y|yes)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
