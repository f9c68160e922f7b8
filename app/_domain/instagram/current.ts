import { environment } from "#config/app-env";
import { tools } from "#app/_domain/headgate";
import { reportFailure } from "#app/_domain/report-failure";
import { createInstagram } from "./client.ts";
import type { MediaParts } from "./media.ts";

/** Returns the parts with which this process calls Instagram. */
export function instagramParts(): MediaParts {
  const { instagram } = environment();
  return {
    ...tools,
    instagram: createInstagram({ url: instagram.url }),
    initialToken: instagram.token,
    onFailure: reportFailure,
  };
}
