import { environment } from "#config/env";
import { getRoute } from "#app/_domain/http/get-route";
import { json } from "#app/_domain/http/respond";

// It says that the process answers, and asks nobody else, so that a slow store does not end it.
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = getRoute(() =>
  json({ status: "ok", mode: environment().mode }),
);
