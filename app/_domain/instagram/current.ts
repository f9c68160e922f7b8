import { environment } from "#config/app-env";
import { gate } from "#app/_domain/gate";
import { tools } from "#app/_domain/headgate";
import { createInstagram } from "./client.ts";
import type { MediaParts } from "./media.ts";

/** What this process asks Instagram with. */
export function instagramParts(): MediaParts {
  const { instagram } = environment();
  return {
    ...tools,
    instagram: createInstagram({ url: instagram.url }),
    initialToken: instagram.token,
    onFailure: gate.onFailure,
  };
}
