import { useRef, useState } from "react";
import type { PageRequest } from "./ask.ts";
import { askForJson, type Reply } from "./reply.ts";

/** The replies to the requests that several tabs send at once; undefined while one is in flight. */
export type TabReplies<T> = readonly (Reply<T> | undefined)[];

/**
 * Sends a request from several tabs at the same time.
 *
 * @returns undefined replies before the first request
 */
export function useTabs<T>(count: number) {
  const [replies, setReplies] = useState<TabReplies<T>>();

  async function sendAll(request: PageRequest, token?: string): Promise<void> {
    const tabs = Array.from({ length: count }, (_, at) => at);
    setReplies(tabs.map(() => undefined));
    await Promise.all(
      tabs.map(async (tab) => {
        const reply = await askForJson<T>(request, token);
        setReplies((before) => before?.map((other, at) => (at === tab ? reply : other)));
      }),
    );
  }

  return { replies, sendAll };
}

/** Runs work once at a time: a second press has no effect before the first run has ended. */
export function useOneAtATime(work: () => Promise<void>) {
  const isRunning = useRef(false);
  const [isBusy, setBusy] = useState(false);

  async function run(): Promise<void> {
    if (isRunning.current) return;
    isRunning.current = true;
    setBusy(true);
    await work();
    isRunning.current = false;
    setBusy(false);
  }

  return { isBusy, run };
}
