import { after } from "next/server";
import { getRoute } from "#app/_domain/http/get-route";
import { json } from "#app/_domain/http/respond";
import { currentStoreState } from "#app/_domain/store-state";
import { environment } from "#config/app-env";

// The route reports on the process: 200 at once whatever the store's state, so that a slow store does
// not make an orchestrator end the process.
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = getRoute(() =>
  json({ status: "ok", mode: environment().mode, store: currentStoreState(after) }),
);
