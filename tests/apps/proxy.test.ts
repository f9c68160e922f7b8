import { proxyByRest, proxyByTcp } from "../support/proxy.ts";
import { describeApp } from "../e2e/suite/index.ts";

describeApp(proxyByRest);
describeApp(proxyByTcp);
