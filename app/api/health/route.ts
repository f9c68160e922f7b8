import { methodHandlers } from "#app/_domain/http/problem";

/** Says that the process answers; it asks nobody else, so that a slow store does not end it. */
function health(): Response {
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}

const { notAllowed, options } = methodHandlers("GET", "HEAD");

export {
  health as GET,
  options as OPTIONS,
  notAllowed as POST,
  notAllowed as PUT,
  notAllowed as PATCH,
  notAllowed as DELETE,
};
