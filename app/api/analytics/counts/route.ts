import { answerCounts } from "#app/_domain/analytics/counts";
import { tools } from "#app/_domain/headgate";
import { getRoute } from "#app/_domain/http/get-route";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = getRoute((request) =>
  answerCounts(request, tools),
);
