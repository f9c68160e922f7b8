import { answerCounts } from "#app/_domain/analytics/counts";
import { tools } from "#app/_domain/headgate";
import { methodHandlers } from "#app/_domain/http/problem";

function counts(request: Request): Promise<Response> {
  return answerCounts(request, tools());
}

const { notAllowed, options } = methodHandlers("GET", "HEAD");

export {
  counts as GET,
  options as OPTIONS,
  notAllowed as POST,
  notAllowed as PUT,
  notAllowed as PATCH,
  notAllowed as DELETE,
};
