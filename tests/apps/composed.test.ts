import { composedApp } from "./composed/app.ts";
import { testHeaders } from "./composed/headers.ts";
import { testMiddleware } from "./composed/middleware.ts";
import { testPrefetches } from "./composed/prefetches.ts";
import { testRequests } from "./composed/requests.ts";

const composed = composedApp();

testMiddleware(composed);
testHeaders(composed);
testRequests(composed);
testPrefetches(composed);
