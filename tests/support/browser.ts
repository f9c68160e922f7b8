import { type Browser, chromium } from "playwright-core";
import { findProgram } from "#lib/server/find-program";

/** Starts the installed Chromium without a window and without background network calls. */
export function startBrowser(): Promise<Browser> {
  const executablePath = findProgram("chromium", "chromium-browser", "google-chrome");
  if (!executablePath)
    throw new Error("The tests need chromium: npm test installs it where it may.");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}
