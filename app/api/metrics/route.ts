import { gate } from "#app/_domain/gate";
import { getRoute } from "#app/_domain/http/get-route";
import { environment } from "#config/app-env";
import { metricsResponse } from "headgate/metrics";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = getRoute((request) =>
  metricsResponse(request, gate, environment().metricsToken),
);
