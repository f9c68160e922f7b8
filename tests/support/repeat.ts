/** Sends a request several times, one after another. */
export async function repeat(times: number, call: () => Promise<Response>): Promise<Response[]> {
  const answers: Response[] = [];
  for (let i = 0; i < times; i += 1) answers.push(await call());
  return answers;
}

/** Returns the status of each response. */
export function statuses(answers: readonly Response[]): number[] {
  return answers.map((answer) => answer.status);
}

/** Returns a status as often as it is expected. */
export function times(count: number, status: number): number[] {
  return Array.from({ length: count }, () => status);
}
