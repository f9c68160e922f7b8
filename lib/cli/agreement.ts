import { createInterface } from "node:readline/promises";

/** Returns true when a person can answer: input and output are a terminal. */
export function isAnswered(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** Asks a question once. Returns true when the person agrees, and false at the end of the input. */
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
