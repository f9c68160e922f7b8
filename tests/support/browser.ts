import { type Browser, chromium } from "playwright-core";
import { findProgram } from "#lib/server/find-program";
import { BROWSERS } from "./install.ts";

/**
 * Features of Chromium that are off. The menus of the address bar are pages, for which each new window needs
 * up to two seconds of a processor. Playwright turns the other features off, in a list that this one replaces.
 */
const OFF = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AimEnabled",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];

/** Starts the installed Chromium without a window and without background network calls. */
export function startBrowser(): Promise<Browser> {
  const executablePath = findProgram(...BROWSERS);
  if (!executablePath)
    throw new Error("The tests need chromium-headless-shell: npm test installs it where it may.");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      `--disable-features=${OFF.join(",")}`,
    ],
  });
}
