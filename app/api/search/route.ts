import { after } from "next/server";
import { tools } from "#app/_domain/headgate";
import { methodHandlers } from "#app/_domain/http/problem";
import { answerSearch } from "#app/_domain/artists/search-handler";
import { reportFailure } from "#app/_domain/report-failure";

function search(request: Request): Promise<Response> {
  return answerSearch(request, {
    ...tools,
    defer: after,
    onFailure: (error) => reportFailure("search cache", error),
  });
}

const { notAllowed, options } = methodHandlers("GET", "HEAD", "POST");

export {
  search as GET,
  search as POST,
  options as OPTIONS,
  notAllowed as PUT,
  notAllowed as PATCH,
  notAllowed as DELETE,
};
