/** The result of a request: its value, or a text that says why it has no value. */
export type Answer = { readonly value: unknown } | { readonly problem: string };

/** Requests JSON from the app, by POST when there is a body. It never rejects. */
export async function requestJson(name: string, body?: object): Promise<Answer> {
  try {
    const response = await fetch(new URL(name, import.meta.url), {
      cache: "no-store",
      redirect: "manual",
      ...(body && {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
    const value: unknown = isJson ? await response.json() : undefined;
    return isJson && response.ok ? { value } : { problem: wordsOf(response.status, value) };
  } catch {
    return { problem: "The app does not answer." };
  }
}

function wordsOf(status: number, value: unknown): string {
  const { title, detail } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const words = [title, detail].filter((each) => typeof each === "string");
  if (words.length > 0) return words.join(". ");
  // A person who may no longer see the dashboard gets 404 on each of its paths, or a redirect to sign in.
  return status === 404 || status === 0
    ? "You no longer have access. Sign in again, then reload."
    : `The app answered ${status}.`;
}
