import { accounts } from "#app/_domain/auth/accounts";
import { limits } from "#app/_domain/headgate";
import { createLogin } from "#app/_domain/auth/login";
import { answerLogin } from "#app/_domain/auth/login-handler";
import { methodHandlers } from "#app/_domain/http/problem";

function login(request: Request): Promise<Response> {
  return answerLogin(request, createLogin(limits, accounts()));
}

const { notAllowed, options } = methodHandlers("POST");

export {
  login as POST,
  options as OPTIONS,
  notAllowed as GET,
  notAllowed as PUT,
  notAllowed as PATCH,
  notAllowed as DELETE,
};
