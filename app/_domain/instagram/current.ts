import { environment } from "#config/env";
import { reportFailure } from "#app/_domain/failures";
import { tools } from "#app/_domain/headgate";
import { createInstagram } from "./client.ts";
import type { MediaParts } from "./media.ts";
import { createVault } from "./vault.ts";

/** What this process asks Instagram with. */
export function instagramParts(): MediaParts {
  const { instagram, secret } = environment();
  return {
    ...tools(),
    instagram: createInstagram({ url: instagram.url }),
    vault: createVault(secret),
    initialToken: instagram.token,
    onFailure: reportFailure,
  };
}
